/** A drawing of each product, in a few flat shapes. Decoration only: the name stands beside it. */
import { Html, html } from "./html";

interface Drawing {
  /** The class of its ground: see `style.css`. */
  readonly ground: string;
  readonly shapes: string;
}

const drawings: Readonly<Record<string, Drawing>> = {
  OLJCESPC7Z: {
    ground: "sky",
    shapes: `<circle cx="182" cy="66" r="30" fill="#f6c667"/><path d="M18 112q34-26 56-10m148 10q-34-26-56-10" fill="none" stroke="#4b3621" stroke-width="8" stroke-linecap="round"/><circle cx="78" cy="134" r="40" fill="#2f5d50" stroke="#4b3621" stroke-width="9"/><circle cx="162" cy="134" r="40" fill="#2f5d50" stroke="#4b3621" stroke-width="9"/><path d="M116 122q4-8 8 0" fill="none" stroke="#4b3621" stroke-width="8" stroke-linecap="round"/><path d="M56 124q8-14 24-16m60 16q8-14 24-16" fill="none" stroke="#a8d5c2" stroke-width="6" stroke-linecap="round"/>`,
  },
  "66VCHSJNUP": {
    ground: "leaf",
    shapes: `<path d="M84 42q-2 36-24 52v96q60 18 120 0V94q-22-16-24-52h-18q-18 44-36 0z" fill="#f2efe6"/><path d="M60 94q22-16 24-52h-9q-2 30-15 42zm120 0q-22-16-24-52h9q2 30 15 42z" fill="#d9d2c0"/><path d="M102 42q18 44 36 0" fill="none" stroke="#d9d2c0" stroke-width="6"/><path d="M60 180q60 18 120 0v10q-60 18-120 0z" fill="#d9d2c0"/><g stroke="#5b8a5f" stroke-width="4" stroke-linecap="round" fill="none"><path d="M120 166v-40"/><path d="M120 148q-16-2-18-18 16 2 18 18m0-8q2-16 18-18-2 16-18 18" fill="#8fb996"/></g>`,
  },
  "1YMWWN1N4O": {
    ground: "sand",
    shapes: `<path d="M94 18h52l6 50H88zm-6 154h64l-6 50H94z" fill="#8a5a3c"/><path d="M94 30h52m-54 16h56m-56 150h56m-54 14h52" stroke="#6f452b" stroke-width="3"/><rect x="178" y="112" width="14" height="16" rx="4" fill="#8f97a3"/><circle cx="120" cy="120" r="62" fill="#c3c9d1"/><circle cx="120" cy="120" r="52" fill="#fdfaf3"/><path d="M120 76v8m0 72v8m44-44h-8m-72 0h-8" stroke="#b9b2a3" stroke-width="5" stroke-linecap="round"/><path d="M120 120V90" stroke="#2b2b2b" stroke-width="7" stroke-linecap="round"/><path d="m120 120 24 16" stroke="#2b2b2b" stroke-width="5" stroke-linecap="round"/><circle cx="120" cy="120" r="6" fill="#d1603d"/>`,
  },
  L9ECAV7KIM: {
    ground: "plum",
    shapes: `<path d="M26 154q-4-58 8-74 30-8 44 8 22 30 76 40 54 8 60 42 0 6-8 6H34q-8 0-8-22z" fill="#e3a72f"/><path d="M26 154q-2-10-2-22 70 22 190 32 0 12-8 12H34q-8 0-8-22z" fill="#c98a18"/><path d="M22 170h194q2 18-10 18H32q-12 0-10-18z" fill="#4a2c2a"/><path d="M84 96q26-14 46 4 18 12 30 22-34 22-72-6-8-8-4-20z" fill="#f0c15a"/><path d="M96 112q26 10 48-2" fill="none" stroke="#a86f10" stroke-width="7" stroke-linecap="round"/><path d="M34 82q20-6 40 6-6 14-38 8z" fill="#7a4b1c"/>`,
  },
  "2ZYFJ3GM2N": {
    ground: "rose",
    shapes: `<path d="M120 120h36l14 82q-18 12-38 0z" fill="#b7475a"/><rect x="134" y="150" width="16" height="24" rx="8" fill="#fbe3e0"/><path d="M60 66h92a38 38 0 0 1 0 76H60z" fill="#d9667a"/><path d="M60 66 34 78v52l26 12z" fill="#8c3145"/><circle cx="154" cy="104" r="22" fill="#8c3145"/><path d="M142 104h24m-24-9h24m-24 18h24" stroke="#e9a0ab" stroke-width="4" stroke-linecap="round"/><path d="M70 84h44" stroke="#f3b5bd" stroke-width="6" stroke-linecap="round"/><path d="M26 88q-12-8-18 0m18 16q-12-6-20 0m20 16q-12 8-18 0" fill="none" stroke="#fff" stroke-width="5" stroke-linecap="round"/><path d="M150 206q2 22 40 18" fill="none" stroke="#5b2632" stroke-width="6" stroke-linecap="round"/>`,
  },
  "0PUK6V6EV0": {
    ground: "dusk",
    shapes: `<circle cx="120" cy="62" r="46" fill="#f8d48a" opacity=".35"/><path d="M120 26q26 30 14 48-14 14-28 0-12-18 14-48z" fill="#f5a742"/><path d="M120 48q12 16 6 24-6 6-12 0-6-8 6-24z" fill="#fff1c9"/><path d="M120 78v12" stroke="#3b2f2a" stroke-width="4"/><rect x="100" y="88" width="40" height="64" rx="5" fill="#fbf4e4"/><path d="M100 96q10 14 14 0 8 26 14-2 6 12 12 0v-6h-40z" fill="#efe3c6"/><path d="M88 146h64v26H88z" fill="#a5583a"/><path d="M36 168h168q-6 38-48 42H84q-42-4-48-42z" fill="#c26e4a"/><path d="M36 168h168q-1 8-4 14H40q-3-6-4-14z" fill="#d98a65"/><path d="M198 176q28-2 22 18-8 12-30 6" fill="none" stroke="#c26e4a" stroke-width="10"/>`,
  },
  LS4PSXUNUM: {
    ground: "sky",
    shapes: `<g transform="rotate(-8 88 140)"><path d="M56 104q0-48 34-48t34 48l6 78q0 14-14 14H64q-14 0-14-14z" fill="#fdfbf6"/><path d="M57 96q2-40 33-40t33 40q-33 14-66 0z" fill="#e6ded0"/><circle cx="80" cy="76" r="4" fill="#6b6357"/><circle cx="92" cy="72" r="4" fill="#6b6357"/><circle cx="100" cy="82" r="4" fill="#6b6357"/></g><g transform="rotate(8 152 140)"><path d="M118 104q0-48 34-48t34 48l6 78q0 14-14 14h-52q-14 0-14-14z" fill="#3d4654"/><path d="M119 96q2-40 33-40t33 40q-33 14-66 0z" fill="#566174"/><circle cx="140" cy="76" r="3.5" fill="#f4efe4"/><circle cx="152" cy="70" r="3.5" fill="#f4efe4"/><circle cx="164" cy="76" r="3.5" fill="#f4efe4"/><circle cx="146" cy="86" r="3.5" fill="#f4efe4"/><circle cx="158" cy="86" r="3.5" fill="#f4efe4"/></g>`,
  },
  "9SIQT8TOJO": {
    ground: "leaf",
    shapes: `<rect x="62" y="74" width="116" height="136" rx="20" fill="#e9f3ee" opacity=".9"/><path d="M66 138q30-14 54 0t54 0v52q0 16-16 16H82q-16 0-16-16z" fill="#e7cf9f"/><g fill="#caa868"><ellipse cx="92" cy="166" rx="7" ry="4"/><ellipse cx="120" cy="184" rx="7" ry="4"/><ellipse cx="146" cy="164" rx="7" ry="4"/><ellipse cx="104" cy="192" rx="7" ry="4"/><ellipse cx="154" cy="188" rx="7" ry="4"/><ellipse cx="122" cy="158" rx="7" ry="4"/></g><path d="M78 94v60" stroke="#fff" stroke-width="8" stroke-linecap="round"/><rect x="66" y="64" width="108" height="14" rx="5" fill="#cfd8d3"/><rect x="56" y="36" width="128" height="32" rx="9" fill="#d8a25e"/><path d="M66 46h70m20 0h18m-108 12h24m20 0h64" stroke="#b9803e" stroke-width="3" stroke-linecap="round"/>`,
  },
  "6E92ZMYYFZ": {
    ground: "sand",
    shapes: `<path d="M96 26q-14 16 0 30m28-34q-14 18 0 34m28-30q-14 16 0 30" fill="none" stroke="#fff" stroke-width="6" stroke-linecap="round" opacity=".8"/><path d="M166 104q46-6 44 30-2 36-48 34" fill="none" stroke="#31566b" stroke-width="15"/><path d="M52 74h120l-8 118q-2 18-20 18H80q-18 0-20-18z" fill="#3f6f88"/><path d="M58 162h108l-2 30q-2 18-20 18H80q-18 0-20-18z" fill="#e6dac4"/><path d="M58 162q12 18 26 2 10 22 28 4 16 20 30-4 12 14 24-2v-10H57z" fill="#3f6f88"/><ellipse cx="112" cy="75" rx="60" ry="11" fill="#5b8ba4"/><ellipse cx="112" cy="77" rx="50" ry="7" fill="#4a2f22"/><path d="M72 100l5 56" stroke="#6f9db4" stroke-width="8" stroke-linecap="round"/>`,
  },
};

/** The drawing of a product; a plain ground for one that has none yet. */
export function art(id: string): Html {
  const { ground, shapes } = drawings[id] ?? { ground: "sand", shapes: "" };
  return html`<svg class="art ${ground}" viewBox="0 0 240 240" aria-hidden="true" focusable="false">${new Html(shapes)}</svg>`;
}
