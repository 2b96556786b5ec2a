// Starts the app. A file of its own, because the page allows no inline script.
// `cargo xtask app` fills in the names.

const PLEASE_UPDATE =
  '浏览器版本过低，无法打开本系统。请改用新版 Edge、Chrome、Firefox 或 360 浏览器（极速模式）。';
const NOT_LOADED = '系统没有打开。请检查网络后重试；如仍不行，请联系系统管理员。';

function say(text) {
  const boot = document.getElementById('boot');
  if (!boot) {
    return;
  }
  boot.classList.add('boot-failed');
  boot.setAttribute('role', 'alert');
  document.getElementById('boot-text').textContent = text;
  document.getElementById('boot-retry').hidden = false;
}

if (typeof WebAssembly !== 'object') {
  say(PLEASE_UPDATE);
} else {
  try {
    const { default: init } = await import('./{{app.js}}');
    await init({ module_or_path: new URL('./{{app.wasm}}', import.meta.url) });
    document.getElementById('boot')?.remove();
  } catch (error) {
    console.error(error);
    say(error instanceof WebAssembly.CompileError ? PLEASE_UPDATE : NOT_LOADED);
  }
}
