// @ts-check
/** The few shapes of our charts, in colours for light and for dark pages. */

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .faint { fill: #57606a; font-size: 11px }
  .title { font-weight: 600 }
  .axis { stroke: #d0d7de; fill: none }
  .s0 { fill: #0969da; stroke: #0969da } .s1 { fill: #bc4c00; stroke: #bc4c00 } .s2 { fill: #1a7f37; stroke: #1a7f37 }
  .s3 { fill: #8250df; stroke: #8250df } .s4 { fill: #bf3989; stroke: #bf3989 } .s5 { fill: #6e7781; stroke: #6e7781 }
  rect { stroke: none } polyline { fill: none; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #8d96a0 } .axis { stroke: #30363d }
    .s0 { fill: #4493f8; stroke: #4493f8 } .s1 { fill: #f0883e; stroke: #f0883e } .s2 { fill: #3fb950; stroke: #3fb950 }
    .s3 { fill: #ab7df8; stroke: #ab7df8 } .s4 { fill: #db61a2; stroke: #db61a2 } .s5 { fill: #9198a1; stroke: #9198a1 }
  }`;

/** @param {{ title: string, width: number, height: number }} frame @param {readonly string[]} shapes */
export function svg({ title, width, height }, shapes) {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">\n` +
    `<title>${escaped(title)}</title>\n<style>${STYLE}\n</style>\n${shapes.join('\n')}\n</svg>\n`
  );
}

/** @param {string} content @param {{ x: number, y: number, kind?: string, anchor?: 'start' | 'middle' | 'end' }} place */
export function text(content, { x, y, kind = '', anchor = 'start' }) {
  return `<text x="${round(x)}" y="${round(y)}" class="${kind}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

/** @param {{ x: number, y: number, width: number, height: number }} place @param {number} series */
export function bar({ x, y, width, height }, series) {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(1, width))}" height="${height}" rx="2" class="s${series}"/>`;
}

/** @param {readonly { x: number, y: number }[]} points @param {number} series */
export function curve(points, series) {
  const line = points.map(({ x, y }) => `${round(x)},${round(y)}`).join(' ');
  const dots = points.map(({ x, y }) => `<circle cx="${round(x)}" cy="${round(y)}" r="3"/>`);
  return `<g class="s${series}"><polyline points="${line}"/>${dots.join('')}</g>`;
}

/** @param {{ x: number, y: number }} from @param {{ x: number, y: number }} to */
export function rule(from, to) {
  return `<line x1="${round(from.x)}" y1="${round(from.y)}" x2="${round(to.x)}" y2="${round(to.y)}" class="axis"/>`;
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;

/** @param {string} content */
const escaped = (content) => content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
