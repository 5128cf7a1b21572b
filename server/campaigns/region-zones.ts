/**
 * Russia's regions and their clocks: by the names people and shops write, by the codes of ISO 3166-2, and by the first three digits of a
 * postal index.
 *
 * Sources: federal law 107-FZ "On the calculation of time" with its amendments, as the tz database (2026) has it; the postal indices of
 * Russian Post. Where people of one region may live by several clocks, all of them stand here, and all have to agree on calling hours.
 */

type Region = {
  /** After `RU-`. */
  readonly iso: string;
  /** Without "область", "край", "республика" and the like; in Russian, then in English as forms spell it. */
  readonly names: readonly string[];
  readonly zones: readonly string[];
  /** First three digits of postal indices: `101-129 140`. Only where no other region shares them. */
  readonly postal: string;
};

const MOSCOW = ["Europe/Moscow"];
const SAMARA = ["Europe/Samara"];
const URALS = ["Asia/Yekaterinburg"];
const BARNAUL = ["Asia/Barnaul"];
const KRASNOYARSK = ["Asia/Krasnoyarsk"];
const IRKUTSK = ["Asia/Irkutsk"];
const CHITA = ["Asia/Chita"];
const VLADIVOSTOK = ["Asia/Vladivostok"];
const CRIMEA = ["Europe/Simferopol"];
/** Neither a name nor an address tells by which clock people there live: calls are made when it is day by both. */
const EITHER = ["Europe/Kyiv", "Europe/Moscow"];

const region = (iso: string, zones: readonly string[], postal: string, ...names: string[]) =>
  ({ iso, zones, postal, names }) satisfies Region;

const REGIONS: readonly Region[] = [
  region("AD", MOSCOW, "385", "адыгея", "adygea", "adygeya"),
  region("AL", BARNAUL, "649", "алтай", "горный алтай", "altai republic", "altai"),
  region("ALT", BARNAUL, "656-659", "алтайский", "altai krai", "altayskiy", "altaysky"),
  region("AMU", ["Asia/Yakutsk"], "675-676", "амурская", "amur", "amurskaya"),
  region("ARK", MOSCOW, "163-165", "архангельская", "arkhangelsk", "arkhangelskaya"),
  region("AST", ["Europe/Astrakhan"], "414 416", "астраханская", "astrakhan", "astrakhanskaya"),
  region("BA", URALS, "450-453", "башкортостан", "башкирия", "bashkortostan", "bashkiria"),
  region("BEL", MOSCOW, "308-309", "белгородская", "belgorod", "belgorodskaya"),
  region("BRY", MOSCOW, "241-243", "брянская", "bryansk", "bryanskaya"),
  region("BU", IRKUTSK, "670-671", "бурятия", "buryatia", "buryatiya"),
  region("CE", MOSCOW, "364 366", "чеченская", "чечня", "chechen", "chechnya", "chechenskaya"),
  region("CHE", URALS, "454-457", "челябинская", "chelyabinsk", "chelyabinskaya"),
  region("CHU", ["Asia/Anadyr"], "689", "чукотский", "чукотка", "chukotka", "chukotskiy"),
  region(
    "CU",
    MOSCOW,
    "428-429",
    "чувашская",
    "чувашия",
    "чувашская чувашия",
    "chuvash",
    "chuvashia",
  ),
  region("DA", MOSCOW, "367-368", "дагестан", "dagestan"),
  region("IN", MOSCOW, "386", "ингушетия", "ingushetia", "ingushetiya"),
  region("IRK", IRKUTSK, "664-666 669", "иркутская", "irkutsk", "irkutskaya"),
  region("IVA", MOSCOW, "153-155", "ивановская", "ivanovo", "ivanovskaya"),
  region(
    "KAM",
    ["Asia/Kamchatka"],
    "683-684 688",
    "камчатский",
    "камчатка",
    "kamchatka",
    "kamchatskiy",
  ),
  region(
    "KB",
    MOSCOW,
    "360-361",
    "кабардино балкарская",
    "кабардино балкария",
    "кбр",
    "kabardino balkaria",
    "kabardino balkar",
  ),
  region(
    "KC",
    MOSCOW,
    "369",
    "карачаево черкесская",
    "карачаево черкесия",
    "кчр",
    "karachay cherkessia",
    "karachayevo cherkessiya",
    "karachay cherkess",
  ),
  region("KDA", MOSCOW, "350-354", "краснодарский", "кубань", "krasnodar", "krasnodarskiy"),
  region(
    "KEM",
    ["Asia/Novokuznetsk"],
    "650-654",
    "кемеровская",
    "кузбасс",
    "кемеровская кузбасс",
    "kemerovo",
    "kemerovskaya",
    "kuzbass",
  ),
  region(
    "KGD",
    ["Europe/Kaliningrad"],
    "236-238",
    "калининградская",
    "kaliningrad",
    "kaliningradskaya",
  ),
  region("KGN", URALS, "640-641", "курганская", "kurgan", "kurganskaya"),
  region("KHA", VLADIVOSTOK, "680-682", "хабаровский", "khabarovsk", "khabarovskiy"),
  region(
    "KHM",
    URALS,
    "628",
    "ханты мансийский",
    "ханты мансийский югра",
    "югра",
    "хмао",
    "хмао югра",
    "khanty mansi",
    "khanty mansiysk",
    "khanty mansiyskiy",
    "yugra",
  ),
  region("KIR", ["Europe/Kirov"], "610-613", "кировская", "kirov", "kirovskaya"),
  region("KK", KRASNOYARSK, "655", "хакасия", "khakassia", "khakasiya"),
  region("KL", MOSCOW, "358-359", "калмыкия", "kalmykia", "kalmykiya"),
  region("KLU", MOSCOW, "248-249", "калужская", "kaluga", "kaluzhskaya"),
  region("KO", MOSCOW, "167-169", "коми", "komi"),
  region("KOS", MOSCOW, "156-157", "костромская", "kostroma", "kostromskaya"),
  region("KR", MOSCOW, "185-186", "карелия", "karelia", "kareliya"),
  region("KRS", MOSCOW, "305-307", "курская", "kursk", "kurskaya"),
  region("KYA", KRASNOYARSK, "647-648 660-663", "красноярский", "krasnoyarsk", "krasnoyarskiy"),
  region("LEN", MOSCOW, "187-188", "ленинградская", "leningrad", "leningradskaya"),
  region("LIP", MOSCOW, "398-399", "липецкая", "lipetsk", "lipetskaya"),
  region("MAG", ["Asia/Magadan"], "685-686", "магаданская", "magadan", "magadanskaya"),
  region("ME", MOSCOW, "424-425", "марий эл", "mari el", "mariy el"),
  region("MO", MOSCOW, "430-431", "мордовия", "mordovia", "mordoviya"),
  region(
    "MOS",
    MOSCOW,
    "140-144",
    "московская",
    "подмосковье",
    "москва и московская",
    "moscow oblast",
    "moskovskaya",
  ),
  region("MOW", MOSCOW, "101-129", "москва", "moscow", "moskva"),
  region("MUR", MOSCOW, "183-184", "мурманская", "murmansk", "murmanskaya"),
  region("NEN", MOSCOW, "166", "ненецкий", "nenets", "nenetskiy"),
  region("NGR", MOSCOW, "173-175", "новгородская", "novgorod", "novgorodskaya"),
  region("NIZ", MOSCOW, "603-607", "нижегородская", "nizhny novgorod", "nizhegorodskaya"),
  region("NVS", ["Asia/Novosibirsk"], "630-633", "новосибирская", "novosibirsk", "novosibirskaya"),
  region("OMS", ["Asia/Omsk"], "644-646", "омская", "omsk", "omskaya"),
  region("ORE", URALS, "460-462", "оренбургская", "orenburg", "orenburgskaya"),
  region("ORL", MOSCOW, "302-303", "орловская", "oryol", "orel", "orlovskaya"),
  region("PER", URALS, "614-619", "пермский", "пермская", "perm", "permskiy"),
  region("PNZ", MOSCOW, "440-442", "пензенская", "penza", "penzenskaya"),
  region(
    "PRI",
    VLADIVOSTOK,
    "690-692",
    "приморский",
    "приморье",
    "primorye",
    "primorskiy",
    "primorsky",
  ),
  region("PSK", MOSCOW, "180-182", "псковская", "pskov", "pskovskaya"),
  region("ROS", MOSCOW, "344-347", "ростовская", "rostov", "rostovskaya"),
  region("RYA", MOSCOW, "390-391", "рязанская", "ryazan", "ryazanskaya"),
  region(
    "SA",
    ["Asia/Yakutsk", "Asia/Vladivostok", "Asia/Srednekolymsk"],
    "678",
    "саха",
    "якутия",
    "саха якутия",
    "sakha",
    "yakutia",
    "sakha yakutia",
  ),
  region(
    "SAK",
    ["Asia/Sakhalin"],
    "693-694",
    "сахалинская",
    "сахалин",
    "sakhalin",
    "sakhalinskaya",
  ),
  region("SAM", SAMARA, "443-446", "самарская", "samara", "samarskaya"),
  region("SAR", ["Europe/Saratov"], "410-413", "саратовская", "saratov", "saratovskaya"),
  region(
    "SE",
    MOSCOW,
    "362-363",
    "северная осетия",
    "северная осетия алания",
    "рсо алания",
    "north ossetia",
    "north ossetia alania",
    "severnaya osetiya",
  ),
  region("SMO", MOSCOW, "214-216", "смоленская", "smolensk", "smolenskaya"),
  region(
    "SPE",
    MOSCOW,
    "190-199",
    "санкт петербург",
    "санкт петербург и ленинградская",
    "спб",
    "петербург",
    "saint petersburg",
    "st petersburg",
    "sankt peterburg",
  ),
  region("STA", MOSCOW, "355-357", "ставропольский", "ставрополье", "stavropol", "stavropolskiy"),
  region("SVE", URALS, "620-624", "свердловская", "sverdlovsk", "sverdlovskaya"),
  region("TA", MOSCOW, "420-423", "татарстан", "татария", "tatarstan"),
  region("TAM", MOSCOW, "392-393", "тамбовская", "tambov", "tambovskaya"),
  region("TOM", ["Asia/Tomsk"], "634-636", "томская", "tomsk", "tomskaya"),
  region("TUL", MOSCOW, "300-301", "тульская", "tula", "tulskaya"),
  region("TVE", MOSCOW, "170-172", "тверская", "tver", "tverskaya"),
  region("TY", KRASNOYARSK, "667-668", "тыва", "тува", "tuva", "tyva"),
  region("TYU", URALS, "625-627", "тюменская", "tyumen", "tyumenskaya"),
  region("UD", SAMARA, "426-427", "удмуртская", "удмуртия", "udmurt", "udmurtia", "udmurtskaya"),
  region("ULY", ["Europe/Ulyanovsk"], "432-433", "ульяновская", "ulyanovsk", "ulyanovskaya"),
  region("VGG", ["Europe/Volgograd"], "400-404", "волгоградская", "volgograd", "volgogradskaya"),
  region("VLA", MOSCOW, "600-602", "владимирская", "vladimir", "vladimirskaya"),
  region("VLG", MOSCOW, "160-162", "вологодская", "vologda", "vologodskaya"),
  region("VOR", MOSCOW, "394-397", "воронежская", "voronezh", "voronezhskaya"),
  region(
    "YAN",
    URALS,
    "629",
    "ямало ненецкий",
    "янао",
    "ямал",
    "yamalo nenets",
    "yamal nenets",
    "yamalo nenetskiy",
  ),
  region("YAR", MOSCOW, "150-152", "ярославская", "yaroslavl", "yaroslavskaya"),
  region("YEV", VLADIVOSTOK, "679", "еврейская", "еао", "jewish", "yevreyskaya"),
  region(
    "ZAB",
    CHITA,
    "672-674 687",
    "забайкальский",
    "забайкалье",
    "zabaykalsky",
    "zabaykalskiy",
    "zabaikalsky",
    "transbaikal",
  ),
  region("CR", CRIMEA, "295-298", "крым", "crimea", "krym"),
  region("SEV", CRIMEA, "299", "севастополь", "sevastopol"),
  region("DON", EITHER, "", "донецкая", "донецкая народная", "днр", "donetsk"),
  region("LUG", EITHER, "", "луганская", "луганская народная", "лнр", "luhansk", "lugansk"),
  region("ZAP", EITHER, "", "запорожская", "zaporizhzhia", "zaporozhye"),
  region("KHE", EITHER, "", "херсонская", "kherson"),
];

/**
 * Towns of more than about a hundred thousand people and the capitals of regions, by region; those of the Moscow clock are many, so that a
 * town that stands in no list is not taken for one of them. A name that several regions have is
 * under each.
 */
const TOWNS: Readonly<Record<string, string>> = {
  AD: "майкоп",
  AL: "горно-алтайск",
  ALT: "барнаул бийск рубцовск новоалтайск",
  AMU: "благовещенск тында свободный",
  ARK: "архангельск северодвинск котлас новодвинск",
  AST: "астрахань ахтубинск",
  BA: "уфа стерлитамак салават нефтекамск октябрьский туймазы белорецк ишимбай благовещенск",
  BEL: "белгород старый-оскол губкин",
  BRY: "брянск клинцы",
  BU: "улан-удэ",
  CE: "грозный гудермес",
  CHE: "челябинск магнитогорск златоуст миасс копейск озерск троицк снежинск",
  CHU: "анадырь",
  CU: "чебоксары новочебоксарск",
  DA: "махачкала дербент хасавюрт каспийск буйнакск",
  IN: "назрань магас",
  IRK: "иркутск ангарск братск усть-илимск усолье-сибирское шелехов",
  IVA: "иваново кинешма шуя",
  KAM: "петропавловск-камчатский елизово",
  KB: "нальчик прохладный",
  KC: "черкесск",
  KDA: "краснодар сочи новороссийск армавир анапа геленджик ейск",
  KEM: "кемерово новокузнецк прокопьевск междуреченск ленинск-кузнецкий киселевск юрга",
  KGD: "калининград советск черняховск",
  KGN: "курган шадринск",
  KHA: "хабаровск комсомольск-на-амуре амурск",
  KHM: "сургут нижневартовск нефтеюганск ханты-мансийск когалым нягань",
  KIR: "киров кирово-чепецк советск",
  KK: "абакан черногорск саяногорск",
  KL: "элиста",
  KLU: "калуга обнинск киров",
  KO: "сыктывкар ухта воркута печора",
  KOS: "кострома",
  KR: "петрозаводск",
  KRS: "курск железногорск",
  KYA: "красноярск норильск ачинск канск минусинск железногорск зеленогорск",
  LEN: "гатчина выборг всеволожск мурино сосновый-бор",
  LIP: "липецк елец",
  MAG: "магадан",
  ME: "йошкар-ола волжск",
  MO: "саранск рузаевка",
  MOS: "балашиха подольск химки королев мытищи люберцы красногорск электросталь коломна одинцово домодедово серпухов щелково раменское долгопрудный жуковский пушкино реутов орехово-зуево ногинск сергиев-посад воскресенск лобня клин ивантеевка дубна видное фрязино чехов дмитров",
  MOW: "москва зеленоград троицк щербинка московский",
  MUR: "мурманск апатиты североморск",
  NEN: "нарьян-мар",
  NGR: "великий-новгород боровичи",
  NIZ: "нижний-новгород дзержинск арзамас саров бор",
  NVS: "новосибирск бердск искитим кольцово",
  OMS: "омск",
  ORE: "оренбург орск новотроицк бузулук",
  ORL: "орел ливны",
  PER: "пермь березники соликамск чайковский кунгур",
  PNZ: "пенза кузнецк",
  PRI: "владивосток уссурийск находка артем",
  PSK: "псков великие-луки",
  ROS: "ростов-на-дону таганрог шахты новочеркасск волгодонск батайск новошахтинск",
  RYA: "рязань",
  SAK: "южно-сахалинск корсаков холмск",
  SAM: "самара тольятти сызрань новокуйбышевск чапаевск",
  SAR: "саратов энгельс балаково балашов",
  SE: "владикавказ",
  SMO: "смоленск вязьма",
  SPE: "санкт-петербург колпино пушкин петергоф",
  STA: "ставрополь пятигорск кисловодск невинномысск ессентуки минеральные-воды",
  SVE: "екатеринбург нижний-тагил каменск-уральский первоуральск серов новоуральск",
  TA: "казань набережные-челны нижнекамск альметьевск зеленодольск",
  TAM: "тамбов мичуринск",
  TOM: "томск северск",
  TUL: "тула новомосковск",
  TVE: "тверь ржев",
  TY: "кызыл",
  TYU: "тюмень тобольск ишим",
  UD: "ижевск сарапул воткинск глазов",
  ULY: "ульяновск димитровград",
  VGG: "волгоград волжский камышин",
  VLA: "владимир ковров муром александров",
  VLG: "вологда череповец",
  VOR: "воронеж",
  YAN: "салехард новый-уренгой ноябрьск",
  YAR: "ярославль рыбинск переславль переславль-залесский",
  YEV: "биробиджан",
  ZAB: "чита краснокаменск",
  CR: "симферополь керчь евпатория ялта феодосия",
  SEV: "севастополь",
};
/** Yakutia has three clocks, and these towns one. */
const YAKUT_TOWNS = "якутск нерюнгри алдан ленск";

const SORTS =
  /(?<!\p{L})(?:область|обл|край|республика|респ|автономный|автономная|авт|округ|окр|ао|город|федерального|значения|гор|г|oblast|krai|kray|republic|autonomous|ao|okrug|region|avtonomnyy|respublika|city|gorod|of|the)(?!\p{L})/gu;

/** Lower case, one kind of hyphen and of е, single spaces, nothing in brackets but their words. */
function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll("ё", "е")
    .replace(/[^\p{L}\d]+/gu, " ")
    .trim();
}

/** Without the sort of region or place, of which everybody writes another form. */
function core(text: string): string {
  return plain(text).replace(SORTS, " ").replace(/\s+/g, " ").trim();
}

const byName = new Map<string, readonly string[]>();
const byIso = new Map<string, readonly string[]>();
const byPostal = new Map<string, readonly string[]>();
const byTown = new Map<string, readonly string[]>();

for (const { iso, names, zones, postal } of REGIONS) {
  byIso.set(iso, zones);
  for (const name of names) byName.set(name, zones);
  for (const part of postal.split(" ").filter((part) => part !== "")) {
    const [first = 0, last = first] = part.split("-").map(Number);
    for (let prefix = first; prefix <= last; prefix++) byPostal.set(String(prefix), zones);
  }
}
// Of Yakutia's own indices only those of its capital tell the clock.
byPostal.set("677", ["Asia/Yakutsk"]);
for (const [iso, towns] of Object.entries(TOWNS)) {
  for (const town of townsIn(towns)) addTown(town, byIso.get(iso) ?? []);
}
for (const town of townsIn(YAKUT_TOWNS)) addTown(town, ["Asia/Yakutsk"]);

/** Names stand apart by spaces, the words of one by hyphens. */
function townsIn(list: string): readonly string[] {
  return list.split(" ").map(plain);
}

function addTown(town: string, zones: readonly string[]): void {
  byTown.set(town, [...new Set([...(byTown.get(town) ?? []), ...zones])]);
}

/**
 * Zones of a Russian region as somebody wrote it (`Новосибирская обл.`, `Novosibirsk Oblast`, `RU-NVS`, `респ. Саха (Якутия)`); none when it
 * is not known.
 */
export function regionZones(region: string): readonly string[] {
  const iso = /^(?:RU-)?([A-Z]{2,3})$/.exec(region.trim().toUpperCase())?.[1];
  const words = plain(region);
  return (
    (iso === undefined ? undefined : byIso.get(iso)) ??
    byName.get(words) ??
    byName.get(core(region)) ??
    // What is in brackets says the same again, or what is left out.
    byName.get(core(region.replaceAll(/\([^)]*\)/g, " "))) ??
    []
  );
}

/** Zones of a Russian postal index of six digits; none when it is none, or its first digits do not tell. */
export function postalZones(postalCode: string): readonly string[] {
  const digits = postalCode.replace(/\s/g, "");
  return /^\d{6}$/.test(digits) ? (byPostal.get(digits.slice(0, 3)) ?? []) : [];
}

/** Zones of a larger Russian town, several when there are towns of that name in several; none when it is not known. */
export function townZones(city: string): readonly string[] {
  return byTown.get(plain(city)) ?? byTown.get(core(city)) ?? [];
}
