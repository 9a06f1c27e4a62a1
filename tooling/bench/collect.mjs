/** Loaded into a server before its own code, so that what it holds can be told from what it has left lying about. */
process.on("SIGUSR2", () => {
  globalThis.gc?.()
  globalThis.gc?.()
})
