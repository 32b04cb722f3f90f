/** Files that the bundler turns into modules. */

declare module "*.bin" {
  const bytes: ArrayBuffer;
  export default bytes;
}

declare module "*.css" {
  const text: string;
  export default text;
}
