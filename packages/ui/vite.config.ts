// How the console becomes static files: hashed names under assets/, nothing inlined that a strict CSP would refuse.
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const GROUPS = [
  {
    name: 'vendor',
    test: /node_modules[\\/](react|react-dom|scheduler|@tanstack[\\/](react-router|router-core|history|react-store|store|react-query|query-core))[\\/]/,
  },
  { name: 'shell', test: /ui[\\/]src[\\/](parts|shell|styles)[\\/]|ui[\\/]src[\\/][\w-]+\.tsx?$/ },
]

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What every page needs is two files, not a dozen: few requests before the first picture.
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } },
  },
  worker: { format: 'es' },
  // `vite` beside a running fnscope: its own API from there.
  server: { proxy: { '/api': process.env['FNSCOPE_URL'] ?? 'http://127.0.0.1:4747' } },
})
