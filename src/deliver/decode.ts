// Unpacks answers. We ask for no content-encoding and do not forbid one either, so a receiver, or a proxy
// before it, may well compress; and in there may stand which messages it could not take.

import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'

const decoders: Record<string, (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
}

/**
 * The bytes of an answer without its content-encoding; as they came where they have none, one that we do
 * not know, or are not what it says. An answer that unpacks to more than `maxBytes` is null: too long.
 */
export function decode(bytes: Buffer, encoding: string | undefined, maxBytes: number): Buffer | null {
  const decoder = decoders[encoding?.trim().toLowerCase() ?? '']
  if (decoder === undefined) return bytes
  try {
    return decoder(bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? null : bytes
  }
}
