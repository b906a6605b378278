import { useEffect, useState } from "react";
import { call } from "../api/http";
import type { Provider } from "../api/types";
import { formatParams } from "../model/params";
import { Button } from "../ui/Button";
import { LinkButton } from "../ui/LinkButton";
import { Notice } from "../ui/Notice";
import { Wait } from "../ui/Wait";
import styles from "./auth.module.css";
import type { Journey } from "./journey";

/** One button for each way to sign in that the server has. */
export function Providers({ journey, verb }: { journey: Journey; verb: string }) {
  const [providers, setProviders] = useState<Provider[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt is a new call
  useEffect(() => {
    let gone = false;
    setProblem(null);
    call<{ providers: Provider[] }>("GET", "/auth/providers").then(
      (answer) => !gone && setProviders(answer.providers),
      (error: unknown) => !gone && setProblem(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      gone = true;
    };
  }, [attempt]);

  if (problem) {
    return (
      <Notice
        tone="danger"
        title={problem}
        actions={<Button onPress={() => setAttempt(attempt + 1)}>Try again</Button>}
      />
    );
  }
  if (!providers) return <Wait what="Asking the server how to sign in…" />;
  if (providers.length === 0) {
    return (
      <Notice tone="warning" title="No way to sign in is set up on this server">
        <p>
          Whoever runs it sets <code>GOOGLE_OAUTH_CLIENT_ID</code> and <code>GOOGLE_OAUTH_CLIENT_SECRET</code>, or{" "}
          <code>OIDC_ISSUER_URL</code>, <code>OIDC_CLIENT_ID</code> and <code>OIDC_CLIENT_SECRET</code>, and starts it
          again.
        </p>
      </Notice>
    );
  }
  return (
    <ul className={styles.providers}>
      {providers.map(({ id, name, start }) => (
        <li key={id}>
          <LinkButton
            to={`${start ?? "/auth/google-oauth"}${formatParams({ ...journey })}`}
            appearance="outline"
            reload={start !== null}
          >
            {verb} with {name}
          </LinkButton>
        </li>
      ))}
    </ul>
  );
}
