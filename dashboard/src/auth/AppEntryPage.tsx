import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { call } from "../api/http";
import { formatParams } from "../model/params";
import { Button } from "../ui/Button";
import { Frame } from "../ui/Frame";
import { LinkButton } from "../ui/LinkButton";
import { Message } from "../ui/Message";
import { Wait } from "../ui/Wait";

/** `/auth/login-to-app`: the way into an app for people who are not signed in. Params and hash survive it. */
export function AppEntryPage() {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string | null>(null);
  const environmentId = String(search.environmentId ?? "");
  const appRoute = String(search.appRoute ?? "");
  const given = String(search.paramsString ?? "");
  const paramsString = /^[?#]/.test(given) ? given : "";

  const enter = useCallback(async () => {
    setProblem(null);
    const address = `/app/${encodeURIComponent(environmentId)}/${encodeURIComponent(appRoute)}${paramsString}`;
    try {
      const answer = await call<{ success: boolean; requiresLogin: boolean }>("POST", "/auth/login-to-app", {
        environmentId,
        appRoute,
      });
      const login = `/auth/login${formatParams({ redirect: address, environmentId, appRoute })}`;
      await navigate({ to: answer.success ? address : login, replace: true });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }, [environmentId, appRoute, paramsString, navigate]);

  useEffect(() => {
    void enter();
  }, [enter]);

  return (
    <Frame title="Open an app">
      {problem ? (
        <Message
          title="The app cannot be opened"
          actions={
            <>
              <Button onPress={() => void enter()}>Try again</Button>
              <LinkButton to="/auth/login" appearance="outline">
                Sign in
              </LinkButton>
            </>
          }
        >
          <p>{problem}</p>
        </Message>
      ) : (
        <Wait what="Looking whether this app is open to everybody…" />
      )}
    </Frame>
  );
}
