/** Files that never change while a version lives. */
import style from "./view/style.css";

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#0e6655"/><path d="M9 13h14l-1.4 10.2a2 2 0 0 1-2 1.8h-7.2a2 2 0 0 1-2-1.8z" fill="#fdf8ef"/><path d="M12 13a4 4 0 0 1 8 0" fill="none" stroke="#fdf8ef" stroke-width="2"/></svg>`;

function file(type: string, text: string): () => Response {
  return () => new Response(text, { headers: { "content-type": type, "cache-control": "max-age=300" } });
}

export const stylesheet = file("text/css; charset=utf-8", style);
export const favicon = file("image/svg+xml", ICON);
export const robots = file("text/plain", "User-agent: *\nDisallow: /\n");
