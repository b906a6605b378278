import { useMemo, useState } from "react";
import { FixturePage } from "../testing/FixturePage";
import { fixtures, replay, sdkEvents } from "../testing/fixtures";
import styles from "./fixtures.module.css";

/** Development only: any captured file on the screen, without a server. `/fixtures?file=05-form` picks one. */
export function Fixtures() {
  const query = new URLSearchParams(location.search);
  const name = query.get("file") ?? "01-display";
  const most = sdkEvents(fixtures[name]?.frames ?? []).length;
  const [count, setCount] = useState(Number(query.get("frames") ?? most));
  const from = useMemo(() => replay(name, count), [name, count]);
  return (
    <div className={styles.page}>
      <nav className={styles.nav} aria-label="Fixtures">
        {Object.keys(fixtures).map((file) => (
          <a key={file} href={`/fixtures?file=${file}`} aria-current={file === name ? "page" : undefined}>
            {file}
          </a>
        ))}
      </nav>
      <main className={styles.main}>
        <label className={styles.count}>
          Frames{" "}
          <input
            type="number"
            min={0}
            max={most}
            value={count}
            onChange={(event) => setCount(Number(event.target.value))}
          />{" "}
          of {most}
        </label>
        <FixturePage key={`${name} ${count}`} from={from} />
      </main>
    </div>
  );
}
