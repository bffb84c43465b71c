import { component } from "../shared/component.js";
import { Sheet } from "./sheet.js";

export default component(new URL("cell.css", import.meta.url), (parent) => new Sheet(parent));
