// Settings of V8 for the life of this process. Imported before everything else: code that is compiled before
// they are made keeps to the defaults.
import { setFlagsFromString } from 'node:v8'

// Messages live for milliseconds. A small young generation keeps them out of memory that is freed late:
// at a million changes in one transaction this is a third of the peak, and costs no speed.
setFlagsFromString('--max-semi-space-size=2')
setFlagsFromString('--semi-space-growth-factor=1')
// And the heap may double, not quadruple, before what died is collected: 180 MB at the peak of that
// transaction in place of 248, for a sixth more of the processor's time while it is read.
setFlagsFromString('--heap-growing-percent=100')
// Postgres's grammar is one WebAssembly function of enormous size. After some hundred filters V8 would find it
// hot and optimize it: for half a second, half a gigabyte more than a small host has, to no gain.
setFlagsFromString('--no-wasm-tier-up')
setFlagsFromString('--no-wasm-dynamic-tiering')
