// Keeps the app on this device, so that it opens at once, and without a network.
// `cargo xtask app` fills in the lists; with `--dev` they are empty, and nothing is kept.
//
// Only the app's own files: whatever has to do with cases goes to the server, always.

const CACHE = 'xinfang-{{version}}';
/** The page, and what every page needs: without these the app is not kept at all. */
const FIRST = [{{first}}];
/** Parts that are loaded when they are opened. */
const LATER = [{{later}}];
const PAGE = '/';

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('message', (event) => {
  if (event.data === 'take-over') {
    self.skipWaiting();
  } else if (event.data === 'complete') {
    event.waitUntil(complete());
  }
});
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) {
    return;
  }
  if (request.mode === 'navigate' ? isPage(pathname) : isOurs(pathname)) {
    event.respondWith(answer(request, request.mode === 'navigate' ? PAGE : pathname));
  }
});

async function install() {
  if (!FIRST.length) {
    // Nobody waits for a worker that keeps nothing.
    return self.skipWaiting();
  }
  const cache = await caches.open(CACHE);
  await Promise.all(FIRST.map((path) => keep(cache, path)));
  // A new version takes over with all its parts; the first one is of use before it has them.
  if (self.registration.active) {
    await complete();
  }
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith('xinfang-') && (name !== CACHE || !FIRST.length)) {
      await caches.delete(name);
    }
  }
  await self.clients.claim();
}

/** Fetches the parts that are not there yet, one by one; what fails is tried at the next start. */
async function complete() {
  const cache = await caches.open(CACHE);
  for (const path of LATER) {
    if (!(await cache.match(path))) {
      await keep(cache, path).catch(() => {});
    }
  }
}

async function keep(cache, path) {
  // A name with a hash in it means the same bytes in an older version's cache.
  let response = path === PAGE ? undefined : await caches.match(path);
  if (!response) {
    response = await fetch(path, { cache: path === PAGE ? 'reload' : 'default', priority: 'low' });
    if (!response.ok || response.redirected) {
      throw new Error(`${path}: ${response.status}`);
    }
    // While a new version is being put up, the page can be another one's than this worker.
    if (path === PAGE) {
      const text = await response.clone().text();
      if (!FIRST.every((path) => path === PAGE || text.includes(path))) {
        throw new Error('the page is of another version');
      }
    }
  }
  await cache.put(path, response);
}

/** From the cache; whatever is missing there, from the network. */
async function answer(request, path) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(path);
  if (kept) {
    return kept;
  }
  const response = await fetch(request);
  if (path !== PAGE && response.ok) {
    await cache.put(path, response.clone());
  } else if (path !== PAGE && response.status === 404) {
    // The server has moved on. The next page comes from there.
    await cache.delete(PAGE);
  }
  return response;
}

/** A path that the app shows, rather than a file or the server's own. */
function isPage(path) {
  const own = /^\/(api|health|metrics|p|sso)(\/|$)/.test(path);
  return FIRST.length > 0 && !own && !path.split('/').pop().includes('.');
}

function isOurs(path) {
  return FIRST.includes(path) || LATER.includes(path);
}
