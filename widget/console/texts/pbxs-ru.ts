import type { pbxsEn } from "./pbxs-en.ts";

/** АТС. */
export const pbxsRu: { readonly [K in keyof typeof pbxsEn]: string } = {
  place_pbxs: "АТС",
  px_adminsOnly: "АТС видят только администраторы.",
  px_none: "В списке нет ни одной АТС.",
  px_fromFile:
    "Список из файла {file}, прочитан {when}. Изменения действуют сразу, без перезапуска.",
  px_fromEnvironment:
    "АТС указана в настройках сервера. Несколько АТС можно перечислить в файле и менять без перезапуска.",
  px_badFile: "Файл {file} сейчас с ошибкой, из него ничего не взято. {problem}",
  px_needRestart: "Эти настройки изменены и подействуют после перезапуска сервера: {names}.",
  px_state_up: "на связи",
  px_state_connecting: "подключаемся",
  px_state_synchronising: "узнаём, что там сейчас",
  px_state_flooding: "слишком много событий",
  px_state_down: "нет связи",
  px_state_stopped: "отключена",
  px_because: "Почему: {why}",
  px_stateSince: "состояние с: {when}",
  px_since: "управляет с: {when}",
  px_events: "событий в секунду: {count}",
  px_lag: "отставание: {ms} мс",
  px_answers: "отвечает за {ms} мс",
  px_floods: "захлёбывались: {count}",
  px_here: "Управляет этот процесс.",
  px_there: "Управляет процесс {pid} на {host}.",
  px_thereAs: "Управляет {name}.",
  px_nobody: "Никто не управляет.",
  px_nobodyUp:
    "Никто не управляет: карточки приходят, но никого не переставляют и никому не звонят.",
  px_why_refused: "по адресу {address} никто не отвечает",
  px_why_noName: "имя {address} никому не известно",
  px_why_reset: "{address} оборвала связь",
  px_why_certificate:
    "у {address} самоподписанный сертификат: укажите файл её CA или разрешите такие",
  px_why_notAmi: "по адресу {address} отвечает не AMI Asterisk",
  px_why_silent: "{address} вовремя не здоровается",
  px_why_login:
    "Asterisk не пускает «{login}»: проверьте имя, пароль и разрешённые адреса в manager.conf",
  px_why_ping: "Asterisk перестал отвечать",
  px_why_closed: "связь закрыта",
  px_why_shutDown: "Asterisk выключили",
  px_why_flood: "событий больше, чем можно прочитать; ждём, пока станет тише",
};
