import { useState } from "react";
import { Button } from "../ui/Button";
import { Copy } from "../ui/Copy";
import styles from "./home.module.css";

/** The key of the own development environment, and a first program that uses it. */
export function ConnectGuide({ apiKey, open }: { apiKey: string | null; open: boolean }) {
  const [shown, setShown] = useState(false);
  const [language, setLanguage] = useState<"python" | "typescript">("python");
  const program = language === "python" ? python() : typescript();
  return (
    <details className={styles.more} open={open || undefined}>
      <summary>API key and first program</summary>
      <div className={styles.guide}>
        {apiKey ? (
          <div className={styles.key}>
            <code className={styles.keyText}>
              {shown ? (
                apiKey
              ) : (
                <>
                  {apiKey.slice(0, 7)}
                  <span aria-hidden="true">{"•".repeat(24)}</span>
                  <span className="visually-hidden"> and the rest, hidden</span>
                </>
              )}
            </code>
            <Button appearance="outline" onPress={() => setShown(!shown)} aria-pressed={shown}>
              {shown ? "Hide" : "Show"}
            </Button>
            <Copy text={apiKey} label="Copy key" />
          </div>
        ) : (
          <p>The key cannot be shown. A new one has to be made.</p>
        )}
        <p>Put the key into the environment variable COMPOSE_API_KEY. It speaks for you: keep it out of the code.</p>
        <fieldset className={styles.languages} aria-label="Language">
          {(["python", "typescript"] as const).map((name) => (
            <Button
              key={name}
              appearance={language === name ? "outline" : "plain"}
              aria-pressed={language === name}
              onPress={() => setLanguage(name)}
            >
              {name === "python" ? "Python" : "TypeScript"}
            </Button>
          ))}
        </fieldset>
        <div className={styles.program}>
          {/* Scrolls sideways, so the keyboard must get there. */}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
          <pre tabIndex={0}>{program}</pre>
          <Copy text={program} label="Copy program" />
        </div>
        <p>Run it. It connects to this server, and its app appears above by itself.</p>
      </div>
    </details>
  );
}

/** SDKs speak TLS to a host; without TLS they know this machine's port 8080 alone. */
const isPlain = () => location.protocol === "http:";

function python(): string {
  const host = isPlain()
    ? "    DANGEROUS_ENABLE_DEV_MODE=True,  # plain ws://localhost:8080"
    : `    host="${location.host}",`;
  return `# pip install compose-sdk
import os
import compose_sdk as c

def hello(page: c.Page, ui: c.UI):
    def greet(form):
        page.toast(f"Hello, {form['name']}!", appearance="success")

    page.add(lambda: ui.form("form", [ui.text_input("name")], on_submit=greet))

client = c.Client(
    api_key=os.environ["COMPOSE_API_KEY"],
    apps=[c.App("hello", hello)],
${host}
)
client.connect()
`;
}

function typescript(): string {
  const host = isPlain()
    ? "  DANGEROUS_ENABLE_DEV_MODE: true, // plain ws://localhost:8080"
    : `  host: "${location.host}",`;
  return `// npm install @composehq/sdk
import { Compose } from "@composehq/sdk";

const hello = new Compose.App({
  route: "hello",
  handler: ({ page, ui }) => {
    page.add(() =>
      ui.form("form", [ui.textInput("name")], {
        onSubmit: ({ name }) => page.toast(\`Hello, \${name}!\`, { appearance: "success" }),
      }),
    );
  },
});

const client = new Compose.Client({
  apiKey: process.env.COMPOSE_API_KEY,
  apps: [hello],
${host}
});
client.connect();
`;
}
