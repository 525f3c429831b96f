// How the console becomes static files: hashed names under assets/, nothing inlined that a strict CSP would refuse.
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  worker: { format: 'es' },
  // `vite` beside a running fnscope: its own API from there.
  server: { proxy: { '/api': process.env['FNSCOPE_URL'] ?? 'http://127.0.0.1:4747' } },
})
