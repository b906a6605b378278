// The first script of every page: small, so that an app is asked for before the rest is read.
import { beginEarly } from "./app/early";
import { Part } from "./ui/part";

beginEarly(location);
void new Part(() => import("./main")).load();
