/** Our icons: 16 × 16, drawn with the text's colour, silent for screen readers. The text beside them speaks. */
const PATHS = {
  alert: "M8 4.75v4M8 11.25v.01M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5Z",
  calendar:
    "M5 1.75v2.5M11 1.75v2.5M2.25 6.75h11.5M3.75 3h8.5a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5h-8.5a1.5 1.5 0 0 1-1.5-1.5v-8A1.5 1.5 0 0 1 3.75 3Z",
  check: "m3 8.5 3.25 3.25L13 4.75",
  chevronDown: "m3.75 6 4.25 4.25L12.25 6",
  chevronLeft: "M10 3.75 5.75 8 10 12.25",
  chevronRight: "M6 3.75 10.25 8 6 12.25",
  clock: "M8 4.5V8l2.25 1.5M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5Z",
  columns: "M2.5 3h11v10h-11ZM6.2 3v10M9.8 3v10",
  copy: "M5.75 5.75h6.5a1.5 1.5 0 0 1 1.5 1.5v5a1.5 1.5 0 0 1-1.5 1.5h-5a1.5 1.5 0 0 1-1.5-1.5ZM3.75 10.25a1.5 1.5 0 0 1-1.5-1.5v-5a1.5 1.5 0 0 1 1.5-1.5h5a1.5 1.5 0 0 1 1.5 1.5",
  cross: "m4 4 8 8M12 4l-8 8",
  down: "M8 3v10M3.75 8.75 8 13l4.25-4.25",
  download: "M8 2.25v8M4.75 7.25 8 10.5l3.25-3.25M2.75 13.5h10.5",
  enter: "M13 3.5v4a1.5 1.5 0 0 1-1.5 1.5H3M6 6 3 9l3 3",
  expand: "M9.5 2.5h4v4M13.5 2.5 9 7M6.5 13.5h-4v-4M2.5 13.5 7 9",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 6.25a1.75 1.75 0 1 0 0 3.5 1.75 1.75 0 0 0 0-3.5Z",
  eyeOff:
    "M2 2l12 12M6.5 3.7c.5-.13 1-.2 1.5-.2 4 0 6.5 4.5 6.5 4.5a11 11 0 0 1-1.7 2.15M4.2 5A10.5 10.5 0 0 0 1.5 8S4 12.5 8 12.5c1.2 0 2.25-.4 3.15-.95M6.8 6.75A1.75 1.75 0 0 0 9.25 9.2",
  file: "M9.25 1.75h-5a1.5 1.5 0 0 0-1.5 1.5v9.5a1.5 1.5 0 0 0 1.5 1.5h7.5a1.5 1.5 0 0 0 1.5-1.5v-7ZM9.25 1.75v4h4",
  filter: "M2 4h12M4.5 8h7M6.5 12h3",
  first: "M11.5 3.5 7 8l4.5 4.5M4.5 3.5v9",
  info: "M8 7.25v4M8 4.75v.01M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5Z",
  last: "M4.5 3.5 9 8l-4.5 4.5M11.5 3.5v9",
  more: "M3.5 7.5a.5.5 0 1 0 0 1 .5.5 0 0 0 0-1ZM8 7.5a.5.5 0 1 0 0 1 .5.5 0 0 0 0-1ZM12.5 7.5a.5.5 0 1 0 0 1 .5.5 0 0 0 0-1Z",
  pin: "M6 2.5h4l-.5 4L12 9H4l2.5-2.5ZM8 9v4.5",
  plus: "M8 3v10M3 8h10",
  rows: "M2.5 4h11M2.5 8h11M2.5 12h11",
  search: "M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4ZM10.2 10.2l3.3 3.3",
  up: "M8 13V3M3.75 7.25 8 3l4.25 4.25",
  upload: "M8 10.5v-8M4.75 5.5 8 2.25 11.25 5.5M2.75 13.5h10.5",
  views: "M2.5 3.5h11v3h-11ZM2.5 9.5h11v3h-11Z",
  warning:
    "M8 6v3M8 11.5v.01M7 2.5 1.75 11.75A1.15 1.15 0 0 0 2.75 13.5h10.5a1.15 1.15 0 0 0 1-1.75L9 2.5a1.15 1.15 0 0 0-2 0Z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
