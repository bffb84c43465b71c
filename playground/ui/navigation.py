"""What pages need of the browser beyond Streamlit: one entry of its history each, and a menu that shows where one is.

Streamlit enters a page's bare address into the history, and what the page then writes there as a second one: Back
would have to be pressed twice to leave. So what is written first takes the place of the bare address.
"""

from streamlit.components.v2 import component

# An address of ours names the cell (`address.py`).
_FOLLOW = """
const isBare = (search) => !new URLSearchParams(search).has("cell");
function enterOnce(history) {
  const push = history.pushState;
  if (push.isOnce) return;
  history.pushState = function (state, unused, url) {
    const to = new URL(url ?? "", location.href);
    const isFirst = to.pathname === location.pathname && isBare(location.search) && !isBare(to.search);
    (isFirst ? history.replaceState : push).call(history, state, unused, url);
  };
  history.pushState.isOnce = true;
}
function showWhereOneIs(links, place) {
  links.forEach((link, at) => {
    if (at !== place) return link.removeAttribute("aria-current");
    link.setAttribute("aria-current", "page");
    const row = link.closest(".st-key-pages");
    const [own, all] = [link, row].map((each) => each.getBoundingClientRect());
    row.scrollLeft += own.left + own.width / 2 - all.left - all.width / 2;
  });
}
export default function ({ data }) {
  enterOnce(window.history);
  showWhereOneIs(document.querySelectorAll(".st-key-pages a"), data.place);
}
"""
_mount = component("navigation", js=_FOLLOW)


def follow(place: int) -> None:
    """Nothing is to be seen of it. place: of the page in the menu, from 0."""
    _mount(key="navigation", data={"place": place})
