import { component } from "../shared/component.js";
import { Picture } from "./picture.js";

export default component(new URL("shape.css", import.meta.url), (parent) => new Picture(parent));
