// Numbers as the field writes them: .768

export function number(value, digits = 3) {
  if (value === null || value === undefined) return "";
  if (Math.abs(value) >= 1000) return value.toLocaleString("en", { maximumFractionDigits: 0 });
  return value.toFixed(digits).replace(/^(-?)0\./, "$1.");
}

export function signed(value, digits = 3) {
  if (value === null || value === undefined) return "";
  const text = number(value, digits);
  return value > 0 ? "+" + text : text;
}

export function interval(low, high, write = number) {
  return low === null || high === null ? "" : `[${write(low)}, ${write(high)}]`;
}

export function count(value) {
  return value.toLocaleString("en");
}

export function day(text) {
  return (text || "").slice(0, 16).replace("T", " ");
}

export function lasting(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86400)} days`;
}
