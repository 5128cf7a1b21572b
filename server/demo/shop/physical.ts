/** What a product of the sample shop weighs, measures and costs the shop, and what its catalogue says beside. */
import type { DemoProduct } from "./products.ts";

type Physical = Pick<DemoProduct, "costMinor" | "weightG" | "size" | "attributes">;

/** Grams and millimetres of the smallest of a category, packed, and the share of the price that the shop pays. */
const categories: Readonly<
  Record<
    string,
    readonly [grams: number, length: number, width: number, height: number, cost: number]
  >
> = {
  Конструкторы: [850, 350, 250, 80, 0.55],
  "Железные дороги": [1400, 450, 300, 90, 0.58],
  Куклы: [700, 360, 180, 110, 0.5],
  "Мягкие игрушки": [450, 320, 250, 200, 0.45],
  "Настольные игры": [900, 300, 300, 70, 0.5],
  Пазлы: [600, 300, 220, 60, 0.45],
  Творчество: [650, 300, 220, 70, 0.5],
  Транспорт: [1800, 520, 300, 240, 0.6],
  Малышам: [700, 300, 220, 120, 0.52],
  "Детская комната": [2400, 500, 400, 260, 0.58],
  Текстиль: [1200, 400, 300, 120, 0.48],
  Кухня: [900, 250, 250, 160, 0.55],
  Дом: [1100, 320, 260, 240, 0.5],
  Праздник: [900, 400, 250, 150, 0.5],
  Подарки: [150, 220, 160, 90, 0.35],
  Батарейки: [100, 110, 80, 15, 0.6],
  Гигиена: [900, 300, 220, 180, 0.7],
  Стирка: [1150, 260, 110, 110, 0.65],
};

/** Toys that need batteries: size, how many, whether they are in the box. */
const batteries: Readonly<
  Record<string, readonly [size: string, count: number, included: boolean]>
> = {
  "Железная дорога «Экспресс»,": ["AA", 3, false],
  "Машинка на пульте": ["AA", 6, false],
  "Развивающий коврик": ["AAA", 2, true],
  "Ночник «Луна»": ["AAA", 3, false],
  "Гирлянда светодиодная,": ["AA", 3, false],
};

const others: Readonly<Record<string, DemoProduct["attributes"]>> = {
  "Батарейки AA,": { battery: "AA", pack: 4 },
  "Батарейки AAA,": { battery: "AAA", pack: 4 },
  "Подгузники,": { pack: 40 },
  Самокат: { ageFrom: 5 },
  Беговел: { ageFrom: 2 },
};

/** @param factor how much larger than the smallest of its kind. */
export function physicalOf(
  category: string,
  kindName: string,
  priceMinor: number,
  factor: number,
): Physical {
  const [grams, length, width, height, cost] = categories[category] ?? [800, 300, 250, 120, 0.55];
  const needed = batteries[kindName];
  // A thing twice as large is so much longer.
  const side = (mm: number) => Math.round((mm * Math.cbrt(factor)) / 5) * 5;
  return {
    costMinor: Math.round((priceMinor * cost) / 100) * 100,
    weightG: Math.round((grams * factor) / 10) * 10,
    size: { lengthMm: side(length), widthMm: side(width), heightMm: side(height) },
    attributes: {
      ...others[kindName],
      ...(needed === undefined
        ? {}
        : { batteries: needed[0], batteryCount: needed[1], batteriesIncluded: needed[2] }),
    },
  };
}
