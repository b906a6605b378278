import { useId, useState } from "react";
import { chooseScheme, chosenScheme, type Scheme } from "./scheme";
import styles from "./scheme.module.css";

const CHOICES: { scheme: Scheme; label: string; path: string }[] = [
  {
    scheme: "light",
    label: "Light",
    path: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1.25v1.5M8 13.25v1.5M1.25 8h1.5M13.25 8h1.5M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M3.2 12.8l1.1-1.1M11.7 4.3l1.1-1.1",
  },
  { scheme: "dark", label: "Dark", path: "M13.5 9.6A5.75 5.75 0 0 1 6.4 2.5a5.75 5.75 0 1 0 7.1 7.1Z" },
  { scheme: "system", label: "System", path: "M2.25 3h11.5v8H2.25ZM6 13.75h4M8 11v2.75" },
];

/** The switch of the colour scheme; on every page. */
export function SchemeSwitch({ disabledReason }: { disabledReason?: string }) {
  const name = useId();
  const [scheme, setScheme] = useState(chosenScheme);
  return (
    <fieldset className={styles.switch} disabled={disabledReason !== undefined} title={disabledReason}>
      <legend className="visually-hidden">Colour scheme{disabledReason ? ` (${disabledReason})` : ""}</legend>
      {CHOICES.map((choice) => (
        <label key={choice.scheme} className={styles.choice} title={choice.label}>
          <input
            type="radio"
            className={styles.input}
            name={name}
            value={choice.scheme}
            checked={scheme === choice.scheme}
            onChange={() => {
              setScheme(choice.scheme);
              chooseScheme(choice.scheme);
            }}
          />
          <svg width="16" height="16" viewBox="0 0 16 16" className={styles.icon} aria-hidden="true" focusable="false">
            <path d={choice.path} />
          </svg>
          <span className="visually-hidden">{choice.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
