/** A screenshot in 256 colours: a quarter of its size, and no difference to be seen, as pages are text on plain colours. */
import { crc32, deflateSync } from 'node:zlib';

const MOST_COLOURS = 256;
const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** @param page any, of a browser that decodes it */
export async function smallPng(png, page) {
  const { width, height, rgba } = await decode(png, page);
  const colourAt = (pixel) => rgba.readUIntBE(pixel * 4, 3);
  const counts = new Map();
  for (let pixel = 0; pixel < width * height; pixel++) counts.set(colourAt(pixel), (counts.get(colourAt(pixel)) ?? 0) + 1);
  const byUse = [...counts].sort(([, one], [, other]) => other - one).map(([colour]) => colour);
  const palette = byUse.slice(0, MOST_COLOURS);
  const indexes = new Map(byUse.map((colour, index) => [colour, index < MOST_COLOURS ? index : nearest(colour, palette)]));
  const rows = Buffer.alloc((width + 1) * height); // each row begins with 0: no filter
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indexes.get(colourAt(y * width + x));
  return encode({ width, height, palette, rows });
}

async function decode(png, page) {
  const { width, height, pixels } = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const drawing = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    drawing.drawImage(bitmap, 0, 0);
    const reader = new FileReader();
    reader.readAsDataURL(new Blob([drawing.getImageData(0, 0, bitmap.width, bitmap.height).data]));
    await new Promise((resolve) => reader.addEventListener('load', resolve));
    return { width: bitmap.width, height: bitmap.height, pixels: reader.result.split(',')[1] };
  }, png.toString('base64'));
  return { width, height, rgba: Buffer.from(pixels, 'base64') };
}

function nearest(colour, palette) {
  const distances = palette.map((other) =>
    [16, 8, 0].reduce((sum, shift) => sum + (((colour >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0),
  );
  return distances.indexOf(Math.min(...distances));
}

/** ISO/IEC 15948: 8 bits a pixel, each an index into the palette. */
function encode({ width, height, palette, rows }) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.alloc(palette.length * 3);
  for (const [index, colour] of palette.entries()) colours.writeUIntBE(colour, index * 3, 3);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type, data) {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(data.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}
