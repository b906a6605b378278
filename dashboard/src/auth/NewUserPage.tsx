import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { ApiError, call } from "../api/http";
import { Button } from "../ui/Button";
import { Frame } from "../ui/Frame";
import { LinkButton } from "../ui/LinkButton";
import { Message } from "../ui/Message";
import { Notice } from "../ui/Notice";
import { Wait } from "../ui/Wait";
import styles from "./auth.module.css";
import { type NewUser, proof, rememberedNewUser, rememberNewUser } from "./google";
import { journeyOf } from "./journey";
import { isExpired, useInvite } from "./SignUpPage";

/** `/new-user-flow`: the name of the person, and of the team when there is no invite. */
export function NewUserPage() {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const journey = journeyOf(search);
  const person = usePerson();
  const invite = useInvite(journey.inviteCode);
  if (person === "loading" || invite.loading) {
    return (
      <Frame title="Create an account">
        <Wait what="Looking who you are…" />
      </Frame>
    );
  }
  const problem = invite.problem ?? (isExpired(journey, invite.invite) ? "The invite has expired." : null);
  const other = person && invite.invite && invite.invite.email.toLowerCase() !== person.email.toLowerCase();
  if (!person || problem || other) {
    return (
      <Frame title="Create an account">
        <Message
          title={person ? "This invite cannot be used" : "Please sign in first"}
          actions={
            <LinkButton to={signUpAgain(journey.inviteCode)}>
              {person ? "Use another account" : "Begin again"}
            </LinkButton>
          }
        >
          {!person && <p>What you began has ended: it takes half an hour at most, in one tab.</p>}
          {person && problem && <p>{problem}</p>}
          {other && (
            <p>
              It is for <b>{invite.invite?.email}</b>, and you are signed in as <b>{person.email}</b>.
            </p>
          )}
        </Message>
      </Frame>
    );
  }
  return (
    <Frame title="Create an account">
      <Message title={invite.invite?.company ? `Join ${invite.invite.company.name}` : "Your account"}>
        <Details person={person} inviteCode={journey.inviteCode} />
      </Message>
    </Frame>
  );
}

function signUpAgain(inviteCode: string | undefined): string {
  return inviteCode ? `/auth/signup?inviteCode=${encodeURIComponent(inviteCode)}` : "/auth/signup";
}

/** From the token flow, or from the cookie that the server has set after a sign-in with a code. */
function usePerson(): NewUser | null | "loading" {
  const [person, setPerson] = useState<NewUser | null | "loading">(() => rememberedNewUser() ?? "loading");
  useEffect(() => {
    if (rememberedNewUser()) return;
    let gone = false;
    call<Omit<NewUser, "token">>("GET", "/auth/new-user").then(
      (answer) => !gone && setPerson({ ...answer, token: null }),
      () => !gone && setPerson(null),
    );
    return () => {
      gone = true;
    };
  }, []);
  return person;
}

const PROBLEMS: Record<string, string> = {
  "0a": "The proof of who you are is no longer good. Please begin again.",
  "0c": "The address is another one than you have signed in with.",
  "0d": "There is an account with this address already. Please sign in.",
  "0f": "No seat is left in the plan of this team. Ask its owner.",
};

function Details({ person, inviteCode }: { person: NewUser; inviteCode: string | undefined }) {
  const navigate = useNavigate();
  const [values, setValues] = useState({
    firstName: person.firstName ?? "",
    lastName: person.lastName ?? "",
    orgName: "",
  });
  const [developer, setDeveloper] = useState(true);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);

  const fields = [
    { name: "firstName", label: "First name", complete: "given-name" },
    { name: "lastName", label: "Last name", complete: "family-name" },
    ...(inviteCode ? [] : [{ name: "orgName", label: "Name of your team", complete: "organization" }]),
  ] as { name: keyof typeof values; label: string; complete: string }[];

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const missing = fields.find(({ name }) => values[name].trim() === "");
    if (missing) {
      form.current?.querySelector<HTMLInputElement>(`input[name="${missing.name}"]`)?.focus();
      return;
    }
    setBusy(true);
    setProblem(null);
    const { firstName, lastName, orgName } = values;
    try {
      if (inviteCode) {
        await call("POST", "/auth/complete-sign-up-to-org", { firstName, lastName, inviteCode }, proof(person.token));
      } else {
        const accountType = developer ? "developer" : "user-only";
        const body = { firstName, lastName, orgName, email: person.email, accountType };
        await call("POST", "/auth/complete-sign-up", body, proof(person.token));
      }
      rememberNewUser(null);
      const signedIn = await call("GET", "/auth/check").then(
        () => true,
        () => false,
      );
      await navigate({ to: signedIn ? "/home?newUser=true" : "/auth/login", replace: true });
    } catch (error) {
      const known = error instanceof ApiError && error.internalCode ? PROBLEMS[error.internalCode] : undefined;
      setProblem(known ?? (error instanceof Error ? error.message : String(error)));
      setBusy(false);
    }
  };

  return (
    <form className={styles.form} ref={form} noValidate onSubmit={(event) => void submit(event)}>
      <Field label="E-mail" value={person.email} />
      {fields.map(({ name, label, complete }) => (
        <Field
          key={name}
          name={name}
          label={label}
          complete={complete}
          value={values[name]}
          error={tried && values[name].trim() === "" ? "This must not be empty." : null}
          onChange={(value) => setValues({ ...values, [name]: value })}
        />
      ))}
      {!inviteCode && (
        <label>
          <input type="checkbox" checked={developer} onChange={(event) => setDeveloper(event.target.checked)} /> I write
          apps: give me an environment for development
        </label>
      )}
      {problem && <Notice tone="danger" title={problem} />}
      <Button type="submit" busy={busy} unavailable={busy ? "Please wait." : null}>
        Make the account
      </Button>
    </form>
  );
}

function Field({
  label,
  value,
  name,
  complete,
  error = null,
  onChange,
}: {
  label: string;
  value: string;
  name?: string;
  complete?: string;
  error?: string | null;
  onChange?: (value: string) => void;
}) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={name}
        value={value}
        autoComplete={complete}
        readOnly={!onChange}
        maxLength={100}
        aria-invalid={error !== null}
        aria-describedby={error ? `${id}-error` : undefined}
        onChange={(event) => onChange?.(event.target.value)}
      />
      {error && (
        <p className={styles.error} id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}
