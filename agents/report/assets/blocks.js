// Packed data of the page: unpacked when it is needed, and the blocks that were read last are kept.
const Blocks = (() => {
  const KEPT = 12;
  const kept = new Map();

  const bytes = (packed) =>
    Uint8Array.fromBase64 ? Uint8Array.fromBase64(packed) : Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));

  const unpack = async (id) => {
    const packed = bytes(document.getElementById(id).textContent);
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  // A promise of what the element holds.
  const read = (id) => {
    const known = kept.get(id);
    const promise = known ?? unpack(id);
    kept.delete(id);
    kept.set(id, promise);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
    return promise;
  };
  return { read };
})();
