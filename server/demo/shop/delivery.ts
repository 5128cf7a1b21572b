/** Where the sample shop's orders go: streets that every town has, and postal codes of the towns' own ranges. */
import type { OrderDelivery } from "../../orders/model.ts";
import type { DemoCustomer } from "./shop.ts";

const streets = {
  ru: ["ул. Садовая", "ул. Лесная", "пр. Мира", "ул. Школьная", "ул. Речная", "пер. Тихий"],
  uk: ["вул. Садова", "вул. Лісова", "просп. Миру", "вул. Шкільна", "вул. Річкова"],
} as const;

/** First digits of a town's postal codes. */
const postal: Readonly<Record<string, string>> = {
  ...{ Москва: "1150", "Санкт-Петербург": "1900", Новосибирск: "6300", Екатеринбург: "6200" },
  ...{ Казань: "4200", Самара: "4430", Красноярск: "6600", Омск: "6440", Владивосток: "6900" },
  ...{ Калининград: "2360", "Ростов-на-Дону": "3440", Иркутск: "6640" },
  ...{ Київ: "010", Одеса: "650", Львів: "790", Харків: "610", Дніпро: "490" },
  ...{ Алматы: "0500", Астана: "0100", Шымкент: "1600", Караганда: "1000" },
};
const methods = {
  ru: ["Курьер", "Пункт выдачи", "Почта"],
  uk: ["Кур’єр", "Відділення", "Пошта"],
} as const;

/** Always the same of one customer. */
export function deliveryTo(customer: DemoCustomer): OrderDelivery {
  const { sourceId, country, city, region, timeZone, language } = customer;
  const n = Number(/\d+$/.exec(sourceId)?.[0] ?? 0);
  const list = streets[language];
  const street = list[n % list.length]!;
  const house = 1 + ((n * 7) % 60);
  const flat = 1 + ((n * 13) % 90);
  return {
    method: methods[language][n % 3]!,
    ...{ country, region, city, timeZone },
    postalCode: `${postal[city] ?? "0000"}${String((n * 17) % 100).padStart(2, "0")}`,
    address: `${street}, ${house}, кв. ${flat}`,
  };
}
