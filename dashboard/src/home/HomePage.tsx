import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useId, useState, useSyncExternalStore } from "react";
import { ApiError, call } from "../api/http";
import type { Environment, Home } from "../api/types";
import { browserClock, openBrowserSocket, socketOrigin, uuid } from "../app/browser";
import { Button } from "../ui/Button";
import { Frame } from "../ui/Frame";
import { followBrowser } from "../ui/follow-browser";
import { onLogin, tellLogin } from "../ui/login-news";
import { Message } from "../ui/Message";
import { Notice } from "../ui/Notice";
import { Wait } from "../ui/Wait";
import { EnvironmentCard } from "./EnvironmentCard";
import styles from "./home.module.css";
import { LiveStatus } from "./live";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) => !(error instanceof ApiError && error.status > 0) && count < 2,
    },
  },
});

export function HomePage() {
  return (
    <QueryClientProvider client={client}>
      <Content />
    </QueryClientProvider>
  );
}

const HOME = ["home"];

function Content() {
  const navigate = useNavigate();
  const query = useQuery({ queryKey: HOME, queryFn: () => call<Home>("GET", "/initialize") });
  const signedOut = query.error instanceof ApiError && query.error.status === 401;
  useEffect(() => {
    if (signedOut)
      void navigate({
        to: `/auth/login?redirect=${encodeURIComponent(location.pathname + location.search)}`,
        replace: true,
      });
  }, [signedOut, navigate]);

  if (query.data) return <Loaded home={query.data} />;
  return (
    <Frame title="Home">
      {query.error && !signedOut ? (
        <Message title="Home cannot be shown" actions={<Button onPress={() => void query.refetch()}>Try again</Button>}>
          <p>{query.error.message}</p>
        </Message>
      ) : (
        <Wait what="Loading your environments…" />
      )}
    </Frame>
  );
}

function Loaded({ home }: { home: Home }) {
  const { company, user, environments } = home;
  const live = useLive();
  const queries = useQueryClient();
  const { email } = user;
  useEffect(() => {
    tellLogin(email);
    // Somebody else by now, or nobody: the server says whose page this is.
    return onLogin((other) => {
      if (other !== email) void queries.invalidateQueries({ queryKey: HOME });
    });
  }, [email, queries]);
  const { newUser } = useSearch({ strict: false }) as { newUser?: unknown };
  const [search, setSearch] = useState("");
  const field = useId();
  const words = search.trim().toLowerCase();
  const own = user.developmentEnvironmentId;
  const sorted = [...environments].sort(
    (a, b) => Number(b.id === own) - Number(a.id === own) || kind(a) - kind(b) || a.name.localeCompare(b.name),
  );
  const apps = environments.reduce((count, environment) => count + environment.apps.length, 0);
  const lost = live.connection.kind === "waiting" || live.connection.kind === "offline";
  return (
    <Frame
      title="Home"
      brand={<span>{company.name}</span>}
      tools={
        <>
          <span className={styles.who} title={user.email}>
            {user.firstName} {user.lastName}
          </span>
          <Button appearance="plain" onPress={() => void signOut()}>
            Sign out
          </Button>
        </>
      }
    >
      <div className={styles.page}>
        <div className={styles.head}>
          <h1 className={styles.title}>Your apps</h1>
          {apps > 1 && (
            <form
              className={styles.search}
              onSubmit={(event) => {
                event.preventDefault();
                document.querySelector<HTMLAnchorElement>("a[data-app]")?.click();
              }}
            >
              <label className="visually-hidden" htmlFor={field}>
                Find an app
              </label>
              <input
                id={field}
                type="search"
                placeholder="Find an app"
                value={search}
                autoComplete="off"
                onChange={(event) => setSearch(event.target.value)}
              />
            </form>
          )}
        </div>
        {newUser === true && (
          <Notice tone="success" title={`Welcome, ${user.firstName}`}>
            <p>Everything that your team runs is listed here, as soon as a program with apps is connected.</p>
          </Notice>
        )}
        {lost && (
          <Notice
            tone="warning"
            title={live.connection.kind === "offline" ? "You are offline" : "Connection lost"}
            actions={
              <Button appearance="outline" onPress={live.retry}>
                Retry now
              </Button>
            }
          >
            <p>What is online cannot be told right now. It comes back by itself.</p>
          </Notice>
        )}
        {sorted.map((environment) => (
          <EnvironmentCard
            key={environment.id}
            environment={environment}
            online={live.online === null ? null : live.online[environment.id] === true}
            sdk={live.packages[environment.id] ?? storedSdk(environment)}
            isOwn={environment.id === own}
            words={words}
          />
        ))}
        {environments.length === 0 && (
          <Notice tone="info" title="Nothing is shared with you yet">
            <p>Ask an owner or an admin of {company.name} to share an app with you.</p>
          </Notice>
        )}
        <p className="visually-hidden" role="status">
          {words ? `${shown(environments, words)} apps found` : ""}
        </p>
        {words && shown(environments, words) === 0 && (
          <Notice
            tone="info"
            title={`No app matches “${search.trim()}”`}
            actions={
              <Button appearance="outline" onPress={() => setSearch("")}>
                Show all
              </Button>
            }
          />
        )}
      </div>
    </Frame>
  );
}

const kind = ({ type }: Environment) => (type === "development" ? 0 : 1);

export function matches(app: { name: string; route: string; description?: string | null }, words: string): boolean {
  return words === "" || `${app.name} ${app.route} ${app.description ?? ""}`.toLowerCase().includes(words);
}

function shown(environments: Environment[], words: string): number {
  return environments.reduce((count, { apps }) => count + apps.filter((app) => matches(app, words)).length, 0);
}

function storedSdk({ data }: Environment): { name: string; version: string } | null {
  return data?.packageName && data.packageVersion ? { name: data.packageName, version: data.packageVersion } : null;
}

async function signOut(): Promise<void> {
  // Whatever the answer: the sign-in page looks again.
  await call("GET", "/auth/logout").catch(() => null);
  tellLogin(null);
  client.clear();
  location.assign("/auth/login");
}

/** After the right to the live state was lost, and the page is still somebody's (ms). */
const REVOKED_PAUSE = 5_000;

/** The live state, and fresh apps when an SDK has sent them. */
function useLive() {
  const queries = useQueryClient();
  const [status] = useState(
    () =>
      new LiveStatus({
        clock: browserClock,
        open: openBrowserSocket,
        random: Math.random,
        isOnline: () => navigator.onLine,
        origin: socketOrigin(),
        sessionId: uuid(),
        onConfiguration: (id) => void refresh(queries, id),
      }),
  );
  useEffect(() => {
    const { connection } = status;
    const stop = followBrowser(connection);
    connection.start();
    return () => {
      stop();
      connection.stop();
    };
  }, [status]);
  const live = useSyncExternalStore(status.subscribe, status.snapshot);
  const { kind } = live.connection;
  const cause = "cause" in live.connection ? live.connection.cause : null;
  // The browser does not tell why a socket was refused; the server does, over HTTP. Signed out, it leads to the sign-in.
  useEffect(() => {
    const revoked = kind === "stopped" && cause === "revoked";
    if (!revoked && !(kind === "waiting" && cause === "refused")) return;
    void queries.invalidateQueries({ queryKey: HOME });
    if (!revoked) return;
    const again = setTimeout(() => status.connection.start(), REVOKED_PAUSE);
    return () => clearTimeout(again);
  }, [kind, cause, queries, status]);
  return { ...live, retry: () => status.connection.retryNow() };
}

async function refresh(queries: QueryClient, id: string): Promise<void> {
  const answer = await call<{ environment: Environment }>("GET", `/environment/${id}/details`).catch(() => null);
  if (!answer) {
    await queries.invalidateQueries({ queryKey: HOME });
    return;
  }
  queries.setQueryData<Home>(HOME, (home) => {
    if (!home) return home;
    const environments = home.environments.map((old) =>
      // The key comes with the first answer only.
      old.id === id ? { ...old, ...answer.environment, key: answer.environment.key ?? old.key } : old,
    );
    return { ...home, environments };
  });
}
