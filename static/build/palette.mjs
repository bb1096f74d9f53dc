// Every colour of every page, for light and for dark. The design system compiles to fixed colours; the build puts these
// names in their place, and stops at a colour that has none. A dark value keeps the light one's contrast to the paper.

export const palette = {
  ink: ["#1b1b1b", "#e8edf2"],
  black: ["#000", "#fff"],
  paper: ["#fff", "#18202a"],
  canvas: ["#f4f6f8", "#10161d"],
  "map-land": ["#f3f1ec", "#161c24"],
  "map-street": ["#fefefe", "#333f4c"],
  "map-casing": ["#dcd7cd", "#0f141a"],
  "map-here": ["#b9d9f2", "#2f6290"],
  sunken: ["#f0f0f0", "#212b37"],
  line: ["#dfe1e2", "#333f4d"],
  "line-strong": ["#8d9297", "#7b8794"],
  quiet: ["#565c65", "#a9b4bf"],
  primary: ["#005ea2", "#7fbbf0"],
  "primary-dark": ["#1a4480", "#a9d2f7"],
  "primary-darker": ["#162e51", "#d0e6fb"],
  "primary-soft": ["#e5f0f9", "#1d3347"],
  "primary-faint": ["rgba(0,94,162,.1)", "rgba(127,187,240,.14)"],
  focus: ["#2491ff", "#5fb2ff"],
  visited: ["#54278f", "#c7adf2"],
  "gray-10": ["#e6e6e6", "#2a3542"],
  "gray-20": ["#c9c9c9", "#42505f"],
  "gray-30": ["#a9aeb1", "#5d6b7a"],
  "gray-40": ["#919191", "#75828f"],
  "gray-50": ["#757575", "#909ca8"],
  "gray-cool-50": ["#71767a", "#95a1ac"],
  "gray-70": ["#454545", "#c3ccd5"],
  "gray-cool-70": ["#3d4551", "#c8d1da"],
  error: ["#d54309", "#f08a6c"],
  "error-dark": ["#b50909", "#ff9d94"],
  "error-darker": ["#8b0a03", "#ffc2bc"],
  "error-soft": ["#f4e3db", "#3d2320"],
  warning: ["#ffbe2e", "#f0b429"],
  "warning-soft": ["#faf3d1", "#3a3118"],
  success: ["#00a91c", "#4fc765"],
  "success-ink": ["#19692a", "#7fdc90"],
  "success-soft": ["#ecf3ec", "#1b3325"],
  info: ["#00bde3", "#39c5e6"],
  "info-soft": ["#e7f6f8", "#16323b"],
  "accent-warm": ["#fa9441", "#f5a25c"],
  "accent-warm-dark": ["#c05600", "#ffb983"],
  "accent-warm-darker": ["#775540", "#ffd3b0"],
  "accent-cool-lighter": ["#e1f3f8", "#163341"],
  "accent-cool-light": ["#97d4ea", "#2c6277"],
  "accent-cool": ["#28a0cb", "#58bfe3"],
  "accent-cool-dark": ["#07648d", "#8fd5ef"],
  "accent-cool-tint": ["#c3ebfa", "#1d4656"],
  secondary: ["#d83933", "#f5867f"],
  emergency: ["#9c3d10", "#f2a37f"],
  // Of service areas beside each other.
  "area-0": ["#2378c3", "#6cb2f2"],
  "area-1": ["#b95000", "#f0a060"],
  "area-2": ["#007a5e", "#4fc3a1"],
  "area-3": ["#7a5fb0", "#b9a3ea"],
  "area-4": ["#b4143c", "#ff8fa6"],
  "area-5": ["#5d7e00", "#b2d14f"],
  "area-6": ["#8e5e2c", "#d9a877"],
  "area-7": ["#0b7285", "#5cc8dc"],
};

/** Return the rules that set each colour, by the reader's device or by their own choice (`data-theme`). */
export function paletteRules() {
  const set = (side) => Object.entries(palette).map(([name, pair]) => `--${name}:${pair[side]}`).join(";");
  return [
    `:root{color-scheme:light;${set(0)}}`,
    `:root[data-theme=dark]{color-scheme:dark;${set(1)}}`,
    `@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;${set(1)}}}`,
    `@media print{:root[data-theme=dark]{color-scheme:light;${set(0)}}}`,
  ].join("\n");
}

/** Return `css` with each fixed colour replaced by its name; throws at one that the palette lacks. */
export function withNamedColours(css) {
  const names = new Map(Object.entries(palette).map(([name, [light]]) => [light, `var(--${name})`]));
  return css.replace(/url\([^)]*\)|#[0-9a-f]{3,8}\b|rgba?\([^)]*\)/gi, (found) => {
    const colour = found.toLowerCase().replace(/\s/g, "").replace(/,0\./, ",.");
    if (colour.startsWith("url(")) return found;
    if (/^rgba\(0,0,0,0?(\.\d+)?\)$/.test(colour)) return found;
    if (!names.has(colour)) throw new Error(`No colour ${found} in static/build/palette.mjs: give it a name and a dark value.`);
    return names.get(colour);
  });
}
