import type { AppStart } from "../api/types";
import { Message } from "../ui/Message";
import { Spinner } from "../ui/Spinner";
import styles from "./away.module.css";

/** The app's server is not connected, and the app was not started yet. It starts by itself. */
export function EnvironmentAway({ grant }: { grant: AppStart }) {
  const member = !grant.user.isExternal;
  const { name, type, sdkPackageName } = grant.environment;
  return (
    <Message title="The app’s server is not connected" focus={false}>
      <p>The app starts by itself as soon as its server is there. You can leave this page open.</p>
      {member ? (
        <p>
          The program behind it, in the environment <b>{name}</b> ({type}), is not running or cannot reach this server.
          Start it, for example with <code>{sdkPackageName === "compose-node" ? "node app.js" : "python app.py"}</code>,
          and look at what it prints.
        </p>
      ) : (
        <p>If it takes long, tell the person who gave you the link.</p>
      )}
      <p className={styles.waiting} role="status">
        <Spinner size="sm" /> Waiting for the app’s server
      </p>
    </Message>
  );
}
