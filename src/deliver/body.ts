// Puts a request's body together out of the bytes that the log holds and the text around them. Documents go
// from the database's socket to the receiver's as they are: decoded to strings and encoded again, twice with
// the signature, they cost more than everything else that is done for a message.

/** What a body is written to, piece by piece. */
export interface BodyWriter {
  text(text: string): void
  bytes(bytes: Uint8Array): void
}

/** Larger ones are let go of after use. */
const keptBytes = 1024 * 1024

let room = Buffer.allocUnsafeSlow(64 * 1024)
let end = 0

function reserve(bytes: number): void {
  if (end + bytes <= room.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(2 * room.length, end + bytes))
  room.copy(larger, 0, 0, end)
  room = larger
}

const writer: BodyWriter = {
  text(text) {
    // the most that a UTF-16 unit can take
    reserve(text.length * 3)
    end += room.write(text, end)
  },
  bytes(bytes) {
    reserve(bytes.length)
    room.set(bytes, end)
    end += bytes.length
  },
}

/** The bytes that `write` writes; it must not make another body meanwhile. */
export function makeBody(write: (out: BodyWriter) => void): Buffer {
  end = 0
  write(writer)
  const body = Buffer.from(room.subarray(0, end))
  if (room.length > keptBytes) room = Buffer.allocUnsafeSlow(64 * 1024)
  return body
}
