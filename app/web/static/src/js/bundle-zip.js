// Reads the files of a zip in memory: stored or deflated entries, as the site writes its bundles.

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const END_LENGTH = 22;
const MOST_FILES = 20_000;
const MOST_BYTES = 512 * 1024 * 1024;

/**
 * @param {Uint8Array<ArrayBuffer>} packed
 * @param {number} method
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function unpacked(packed, method) {
  if (method === 0) {
    return packed;
  }
  if (method !== 8) {
    throw new Error("the zip is packed in another way");
  }
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Return the files of a zip by their names, without the folder that holds all of them.
 * @param {ArrayBuffer} zip
 * @returns {Promise<Map<string, Uint8Array<ArrayBuffer>>>}
 */
export async function readZip(zip) {
  const view = new DataView(zip);
  let end = zip.byteLength - END_LENGTH;
  while (end >= 0 && view.getUint32(end, true) !== END) {
    end -= 1;
  }
  if (end < 0) {
    throw new Error("this is no zip");
  }
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  /** @type {Map<string, Uint8Array<ArrayBuffer>>} */
  const files = new Map();
  let total = 0;
  for (let number = 0; number < Math.min(count, MOST_FILES); number += 1) {
    if (view.getUint32(at, true) !== ENTRY) {
      throw new Error("the zip is damaged");
    }
    const method = view.getUint16(at + 10, true);
    const packedLength = view.getUint32(at + 20, true);
    total += view.getUint32(at + 24, true);
    if (total > MOST_BYTES) {
      throw new Error("the zip is too large");
    }
    const nameLength = view.getUint16(at + 28, true);
    const extra = view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    const header = view.getUint32(at + 42, true);
    const name = new TextDecoder().decode(new Uint8Array(zip, at + 46, nameLength));
    const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
    files.set(name.replace(/^bundle\//, ""), await unpacked(new Uint8Array(zip, start, packedLength), method));
    at += 46 + nameLength + extra;
  }
  return files;
}
