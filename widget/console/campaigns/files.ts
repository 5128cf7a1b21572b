/** Gives the person a file to keep. */
export function saveFile(name: string, text: string): void {
  const link = document.createElement("a");
  // Spreadsheets take a file without this mark for one in their old encoding.
  const mark = text.startsWith("\ufeff") ? "" : "\ufeff";
  const url = URL.createObjectURL(new Blob([mark, text], { type: "text/csv;charset=utf-8" }));
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after this moment.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
