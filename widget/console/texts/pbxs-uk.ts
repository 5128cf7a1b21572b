import type { pbxsEn } from "./pbxs-en.ts";

/** АТС. */
export const pbxsUk: { readonly [K in keyof typeof pbxsEn]: string } = {
  place_pbxs: "АТС",
  px_adminsOnly: "АТС бачать лише адміністратори.",
  px_none: "У списку немає жодної АТС.",
  px_fromFile: "Список із файлу {file}, прочитано {when}. Зміни діють одразу, без перезапуску.",
  px_fromEnvironment:
    "АТС указано в налаштуваннях сервера. Кілька АТС можна перелічити у файлі й змінювати без перезапуску.",
  px_badFile: "Файл {file} зараз із помилкою, з нього нічого не взято. {problem}",
  px_needRestart: "Ці налаштування змінено, вони подіють після перезапуску сервера: {names}.",
  px_state_up: "на зв’язку",
  px_state_connecting: "підключаємося",
  px_state_synchronising: "дізнаємося, що там зараз",
  px_state_flooding: "забагато подій",
  px_state_down: "немає зв’язку",
  px_state_stopped: "вимкнена",
  px_because: "Чому: {why}",
  px_stateSince: "стан з: {when}",
  px_since: "керує з: {when}",
  px_events: "подій за секунду: {count}",
  px_lag: "відставання: {ms} мс",
  px_answers: "відповідає за {ms} мс",
  px_floods: "захлиналися: {count}",
  px_here: "Керує цей процес.",
  px_there: "Керує процес {pid} на {host}.",
  px_thereAs: "Керує {name}.",
  px_nobody: "Ніхто не керує.",
  px_nobodyUp:
    "Ніхто не керує: картки приходять, але нікого не переставляють і нікому не дзвонять.",
  px_why_refused: "за адресою {address} ніхто не відповідає",
  px_why_noName: "ім’я {address} нікому не відоме",
  px_why_reset: "{address} обірвала зв’язок",
  px_why_certificate:
    "у {address} самопідписаний сертифікат: укажіть файл її CA або дозвольте такі",
  px_why_notAmi: "за адресою {address} відповідає не AMI Asterisk",
  px_why_silent: "{address} вчасно не вітається",
  px_why_login:
    "Asterisk не пускає «{login}»: перевірте ім’я, пароль і дозволені адреси в manager.conf",
  px_why_ping: "Asterisk перестав відповідати",
  px_why_closed: "зв’язок закрито",
  px_why_shutDown: "Asterisk вимкнули",
  px_why_flood: "подій більше, ніж можна прочитати; чекаємо, поки стане тихіше",
};
