// Starts the app, and has it kept on this device. A file of its own, because the page allows no inline
// script. `cargo xtask app` fills in the names.

const PLEASE_UPDATE =
  '浏览器版本过低，无法打开本系统。请改用新版 Edge、Chrome、Firefox 或 360 浏览器（极速模式）。';
const NOT_LOADED = '系统没有打开。请检查网络后重试；如仍不行，请联系系统管理员。';
const HOUR = 3_600_000;

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

/** What is kept may be what is wrong: the next try comes from the server. */
async function forget() {
  for (const registration of await navigator.serviceWorker.getRegistrations()) {
    await registration.unregister();
  }
  for (const name of await caches.keys()) {
    await caches.delete(name);
  }
}

/** Waits until the first page shows what it has to show: the line is its own until then. */
async function drawn() {
  do {
    await new Promise((done) => setTimeout(done, 500));
  } while (document.querySelector('.skeleton, [aria-busy="true"]'));
}

/** `sw.js` keeps the app for the next start, and says when there is a new version. */
async function keep() {
  const workers = navigator.serviceWorker;
  await drawn();
  const registration = await workers.register('/sw.js', { updateViaCache: 'none' });
  workers.ready.then(({ active }) => active.postMessage('complete'));
  // Without a worker before it, it is the first one: nothing is new.
  const offer = (worker) => {
    if (worker?.state === 'installed' && workers.controller) {
      const notice = document.getElementById('renewed');
      document.getElementById('renew').onclick = () => {
        workers.addEventListener('controllerchange', () => location.reload());
        worker.postMessage('take-over');
      };
      document.getElementById('renew-later').onclick = () => {
        notice.hidden = true;
      };
      notice.hidden = false;
    }
  };
  offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => offer(worker));
  });
  setInterval(() => registration.update().catch(() => {}), HOUR);
}

/**
 * Asks for the session while the app is still being read (`asked_early` in `browser.rs` takes it over).
 * Not for whoever signed out without a network: their session must not open again.
 */
function askEarly() {
  try {
    if (localStorage.getItem('xinfang.leaving') !== null) {
      return;
    }
  } catch {
    // Without storage nobody has left.
  }
  window.askedEarly = fetch('/api/v1/session/refresh', { method: 'POST' });
  // Whoever takes it over hears of it, too.
  window.askedEarly.catch(() => {});
}

if (typeof WebAssembly !== 'object') {
  say(PLEASE_UPDATE);
} else {
  try {
    askEarly();
    const { default: init } = await import('./{{app.js}}');
    await init({ module_or_path: new URL('./{{app.wasm}}', import.meta.url) });
    document.getElementById('boot')?.remove();
    // Browsers offer it on HTTPS and on the own computer only.
    if ('serviceWorker' in navigator) {
      keep().catch(console.warn);
    }
  } catch (error) {
    console.error(error);
    say(error instanceof WebAssembly.CompileError ? PLEASE_UPDATE : NOT_LOADED);
    if ('serviceWorker' in navigator && navigator.onLine) {
      forget().catch(console.warn);
    }
  }
}
