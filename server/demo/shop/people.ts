/** Names and places of the sample shop's customers. */
import type { DemoCountry } from "./numbers.ts";

type Sex = "f" | "m";

export type Place = {
  readonly city: string;
  readonly region: string;
  readonly timeZone: string;
  readonly country: DemoCountry;
  readonly areaCode: string;
  /** How many customers live there, relative to the others. */
  readonly weight: number;
};

const place = (
  country: DemoCountry,
  city: string,
  region: string,
  timeZone: string,
  areaCode: string,
  weight: number,
): Place => ({ country, city, region, timeZone, areaCode, weight });

/** Where customers live. Area codes whose `000-xxxx` block is valid by the numbering plan; "" has no landlines. */
export const places: readonly Place[] = [
  place("RU", "Москва", "Москва", "Europe/Moscow", "+7495", 14),
  place("RU", "Санкт-Петербург", "Санкт-Петербург", "Europe/Moscow", "+7812", 9),
  place("RU", "Новосибирск", "Новосибирская область", "Asia/Novosibirsk", "+7383", 10),
  place("RU", "Екатеринбург", "Свердловская область", "Asia/Yekaterinburg", "+7343", 7),
  place("RU", "Казань", "Республика Татарстан", "Europe/Moscow", "", 5),
  place("RU", "Самара", "Самарская область", "Europe/Samara", "", 4),
  place("RU", "Красноярск", "Красноярский край", "Asia/Krasnoyarsk", "", 4),
  place("RU", "Омск", "Омская область", "Asia/Omsk", "", 4),
  place("RU", "Владивосток", "Приморский край", "Asia/Vladivostok", "+7423", 3),
  place("RU", "Калининград", "Калининградская область", "Europe/Kaliningrad", "", 2),
  place("RU", "Ростов-на-Дону", "Ростовская область", "Europe/Moscow", "", 4),
  place("RU", "Иркутск", "Иркутская область", "Asia/Irkutsk", "", 3),
  place("UA", "Київ", "Київ", "Europe/Kyiv", "+38044", 9),
  place("UA", "Одеса", "Одеська область", "Europe/Kyiv", "+38048", 5),
  place("UA", "Львів", "Львівська область", "Europe/Kyiv", "+38032", 5),
  place("UA", "Харків", "Харківська область", "Europe/Kyiv", "+38057", 4),
  place("UA", "Дніпро", "Дніпропетровська область", "Europe/Kyiv", "", 3),
  place("KZ", "Алматы", "Алматы", "Asia/Almaty", "", 7),
  place("KZ", "Астана", "Астана", "Asia/Almaty", "", 5),
  place("KZ", "Шымкент", "Шымкент", "Asia/Almaty", "", 3),
  place("KZ", "Караганда", "Карагандинская область", "Asia/Almaty", "", 2),
];

type Names = {
  readonly first: Readonly<Record<Sex, readonly string[]>>;
  /** Male and female form. */
  readonly last: readonly (readonly [string, string])[];
};

const words = (text: string): readonly string[] => text.split(" ");
/** `Иванов/а` gives both forms; `Коваленко` is the same for both. */
const surnames = (text: string): readonly (readonly [string, string])[] =>
  words(text).map((each) => {
    const [male = "", ending] = each.split("/");
    if (ending === undefined) return [male, male];
    return ending === "ая" ? [male, `${male.slice(0, -2)}ая`] : [male, male + ending];
  });

const names: Readonly<Record<DemoCountry, Names>> = {
  RU: {
    first: {
      f: words(
        "Анна Мария Елена Ольга Наталья Ирина Светлана Татьяна Екатерина Юлия Дарья Ксения Полина Виктория Алина Вера Людмила Галина Надежда Марина Евгения Валентина Софья Кристина",
      ),
      m: words(
        "Александр Дмитрий Сергей Андрей Алексей Максим Иван Михаил Николай Павел Роман Владимир Артём Илья Кирилл Егор Виктор Олег Денис Антон Юрий Григорий",
      ),
    },
    last: surnames(
      "Иванов/а Смирнов/а Кузнецов/а Попов/а Васильев/а Петров/а Соколов/а Михайлов/а Новиков/а Фёдоров/а Морозов/а Волков/а Алексеев/а Лебедев/а Семёнов/а Егоров/а Павлов/а Козлов/а Степанов/а Николаев/а Орлов/а Андреев/а Макаров/а Никитин/а Захаров/а Зайцев/а Соловьёв/а Борисов/а Яковлев/а Григорьев/а Романов/а Воробьёв/а Белов/а Комаров/а Быков/а Крылов/а Вишневский/ая Островский/ая Полевой/ая Рябинин/а",
    ),
  },
  UA: {
    first: {
      f: words(
        "Оксана Олена Наталія Ірина Тетяна Юлія Марія Софія Анастасія Катерина Леся Надія Людмила Світлана Вікторія Дарина Христина Соломія",
      ),
      m: words(
        "Олександр Андрій Сергій Микола Василь Іван Тарас Богдан Дмитро Ярослав Володимир Олег Роман Юрій Максим Назар Остап Петро",
      ),
    },
    last: surnames(
      "Шевченко Коваленко Бондаренко Ткаченко Кравченко Олійник Шевчук Коваль Поліщук Мельник Бойко Лисенко Савченко Руденко Марченко Мороз Петренко Клименко Павлюк Гончаренко Гнатюк Захарчук Левченко Яременко",
    ),
  },
  KZ: {
    first: {
      f: words(
        "Айгуль Алия Динара Гульнара Жанна Мадина Айнур Салтанат Асель Камила Меруерт Зарина Аружан Томирис",
      ),
      m: words(
        "Нурлан Ерлан Арман Данияр Тимур Алмас Бауыржан Серик Ержан Канат Асхат Дамир Руслан Санжар",
      ),
    },
    last: surnames(
      "Ахметов/а Нурланов/а Сулейменов/а Касымов/а Оспанов/а Абдрахманов/а Жумабаев/а Байжанов/а Искаков/а Сериков/а Тулегенов/а Муканов/а Садыков/а Ермеков/а Кенжебаев/а Алимов/а",
    ),
  },
};

/** Patronymics as older customers of Russian shops give them, male and female form. */
const patronymics: readonly (readonly [string, string])[] = [
  ["Александрович", "Александровна"],
  ["Сергеевич", "Сергеевна"],
  ["Иванович", "Ивановна"],
  ["Владимирович", "Владимировна"],
  ["Николаевич", "Николаевна"],
  ["Андреевич", "Андреевна"],
  ["Петрович", "Петровна"],
];

/** What a person is called. `surname` is an index so that a family can share it. */
export function personName(
  country: DemoCountry,
  sex: Sex,
  pick: (count: number) => number,
  surname: number,
  withPatronymic: boolean,
): string {
  const pool = names[country];
  const first = pool.first[sex][pick(pool.first[sex].length)]!;
  const last = pool.last[surname % pool.last.length]![sex === "m" ? 0 : 1];
  if (!withPatronymic || country !== "RU") return `${first} ${last}`;
  const patronymic = patronymics[pick(patronymics.length)]![sex === "m" ? 0 : 1];
  return `${last} ${first} ${patronymic}`;
}

/** How many surnames a country has. */
export function surnameCount(country: DemoCountry): number {
  return names[country].last.length;
}

const latin: Readonly<Record<string, string>> = {
  а: "a",
  б: "b",
  в: "v",
  г: "g",
  ґ: "g",
  д: "d",
  е: "e",
  ё: "e",
  є: "ie",
  ж: "zh",
  з: "z",
  и: "i",
  і: "i",
  ї: "i",
  й: "i",
  к: "k",
  л: "l",
  м: "m",
  н: "n",
  о: "o",
  п: "p",
  р: "r",
  с: "s",
  т: "t",
  у: "u",
  ф: "f",
  х: "h",
  ц: "ts",
  ч: "ch",
  ш: "sh",
  щ: "sch",
  ъ: "",
  ы: "y",
  ь: "",
  э: "e",
  ю: "yu",
  я: "ya",
};

/** A name as it is written in an e-mail address. */
export function inLatin(text: string): string {
  return Array.from(text.toLowerCase(), (c) => latin[c] ?? (/[a-z0-9]/.test(c) ? c : ".")).join("");
}
