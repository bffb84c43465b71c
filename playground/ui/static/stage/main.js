import { component } from "../shared/component.js";
import { tabStorage } from "../shared/dom.js";
import { Memory } from "./memory.js";
import { Stage } from "./stage.js";

/** Outlives a stage that is built again; a browser may forbid storage. */
const memory = new Memory(tabStorage());

export default component(
  new URL("stage.css", import.meta.url), (parent) => new Stage(parent, new URL("../../../frames", import.meta.url), memory),
);
