/**
 * Builds the pages to static files that any path of any host can serve: every address in them is relative.
 *
 * @since 0.1.0
 */
import { defaultClientConditions, defineConfig } from "vite"

export default defineConfig({
  base: "./",
  publicDir: false,
  resolve: { conditions: ["@t3/source", ...defaultClientConditions] },
  build: {
    // Phones that are five years old still open the page.
    target: ["es2020", "safari14"],
    // The signs must be there when the machine no longer answers. The page's Content-Security-Policy allows data: for images.
    assetsInlineLimit: (file) => /\/(?:alert|check|link)\.svg$/.test(file),
    modulePreload: false,
    rollupOptions: { input: "pair.html" }
  }
})
