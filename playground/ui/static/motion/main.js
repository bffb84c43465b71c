import { component } from "../shared/component.js";
import { Player } from "./player.js";

export default component(new URL("motion.css", import.meta.url), (parent) => new Player(parent));
