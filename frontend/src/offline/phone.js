// What the app keeps on the phone: IndexedDB under AES-GCM, pictures, the lock between tabs.
// There are no rules here; `shared::outbox` has them, and `store.rs` calls this. It is JavaScript
// because each of these calls, through web-sys, costs the download more than this whole file.
//
// One database a user. Each value is encrypted; its name (an id or an API path) is not. The keys
// cannot be taken out of the browser, and lie beside the values, so that whoever takes the keys away
// takes the values with them: `synced` for what the server sent, `drafts` for what was written here.
// `meta` holds times and nothing else.

const STORES = ['keys', 'synced', 'drafts', 'forms', 'photos', 'meta'];
const KEY_OF = { synced: 'synced', drafts: 'drafts', forms: 'drafts', photos: 'drafts' };
const AES = { name: 'AES-GCM', length: 256 };

let base = null;
let user = '';
let opening = null;
let channel = null;

const answer = (request) =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

const end = (tx) =>
  new Promise((done, failed) => {
    tx.oncomplete = () => done();
    tx.onabort = tx.onerror = () => failed(tx.error ?? new Error('aborted'));
  });

function connect(name) {
  const request = indexedDB.open(`xinfang-${name}`, 1);
  request.onupgradeneeded = () => {
    for (const store of STORES) request.result.createObjectStore(store);
  };
  return answer(request);
}

// Opens a user's database. Over plain HTTP there is no `crypto.subtle`, and so no store.
export function open(name) {
  if (!opening || user !== name) {
    close();
    user = name;
    opening = openNow(name);
    opening.catch(close);
  }
  return opening;
}

async function openNow(name) {
  if (!globalThis.crypto?.subtle || !globalThis.indexedDB) return false;
  const connected = await connect(name);
  connected.onversionchange = connected.onclose = close;
  base = connected;
  // Fails here, rather than at the first draft, where the browser keeps no keys.
  await key('drafts');
  return true;
}

export function close() {
  base?.close();
  base = opening = null;
}

const using = (stores, mode) => {
  if (!base) throw new Error('no store');
  return base.transaction(stores, mode, { durability: 'strict' });
};

const get = (store, name) => answer(using(store, 'readonly').objectStore(store).get(name));

async function key(name) {
  const known = await get('keys', name);
  if (known) return known;
  const made = await crypto.subtle.generateKey(AES, false, ['encrypt', 'decrypt']);
  const tx = using('keys', 'readwrite');
  const keys = tx.objectStore('keys');
  // Another tab may have made one in between.
  const other = await answer(keys.get(name));
  if (!other) keys.put(made, name);
  await end(tx);
  return other ?? made;
}

const place = (store, name) => new TextEncoder().encode(`${user}/${store}/${name}`);

async function sealed(store, name, value) {
  const text = typeof value === 'string';
  const bytes = text ? new TextEncoder().encode(value) : await value.arrayBuffer();
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const how = { name: 'AES-GCM', iv, additionalData: place(store, name) };
  const data = await crypto.subtle.encrypt(how, await key(KEY_OF[store]), bytes);
  return { iv, data, text };
}

// What cannot be opened (its key is gone) is not there.
async function opened(store, name, value) {
  if (!value) return undefined;
  if (!KEY_OF[store]) return value;
  const found = await get('keys', KEY_OF[store]);
  if (!found) return undefined;
  try {
    const how = { name: 'AES-GCM', iv: value.iv, additionalData: place(store, name) };
    const bytes = await crypto.subtle.decrypt(how, found, value.data);
    return value.text ? new TextDecoder().decode(bytes) : new Blob([bytes], { type: 'image/jpeg' });
  } catch {
    return undefined;
  }
}

export async function read(store, name) {
  return opened(store, name, await get(store, name));
}

// All values of a store: name, revision, value.
export async function all(store) {
  const kept = using(store, 'readonly').objectStore(store);
  const [names, values] = await Promise.all([answer(kept.getAllKeys()), answer(kept.getAll())]);
  const found = [];
  for (const [at, name] of names.entries()) {
    const value = await opened(store, name, values[at]);
    if (value !== undefined) found.push([name, values[at].rev ?? 0, value]);
  }
  return found;
}

// Writes all changes, or none: [store, name, value or null to delete it, expected revision or -1].
// Says whether it did: not, where another tab has changed one of them since it was read, or has
// destroyed the key that the values are sealed with.
export async function write(changes) {
  const ready = [];
  for (const [store, name, value, rev] of changes) {
    const put = value === null ? null : KEY_OF[store] ? await sealed(store, name, value) : value;
    ready.push([store, name, put, rev]);
  }
  const stores = [...new Set(ready.map(([store]) => store)), 'keys'];
  const tx = using(stores, 'readwrite');
  const over = end(tx);
  const giveUp = async () => {
    tx.abort();
    await over.catch(() => {});
    return false;
  };
  for (const [store, name, put, rev] of ready) {
    const kept = tx.objectStore(store);
    if (rev >= 0 || (put && KEY_OF[store])) {
      const now = await answer(kept.get(name));
      if (rev >= 0 && (now?.rev ?? 0) !== rev) return giveUp();
      if (put && KEY_OF[store]) {
        if (!(await answer(tx.objectStore('keys').count(KEY_OF[store])))) return giveUp();
        put.rev = (now?.rev ?? 0) + 1;
      }
    }
    if (put === null) kept.delete(name);
    else kept.put(put, name);
  }
  await over;
  return true;
}

// Takes away what was synced, its key first: of this user, or of another who used this phone.
export async function forgetSynced(name) {
  const mine = base && user === name;
  const store = mine ? base : await connect(name);
  const tx = store.transaction(['keys', 'synced'], 'readwrite', { durability: 'strict' });
  tx.objectStore('keys').delete('synced');
  tx.objectStore('synced').clear();
  await end(tx);
  if (!mine) store.close();
}

// Takes everything away.
export async function forgetAll() {
  const tx = using(STORES, 'readwrite');
  for (const store of STORES) tx.objectStore(store).clear();
  await end(tx);
  close();
  // Another tab may hold it; it is empty all the same.
  indexedDB.deleteDatabase(`xinfang-${user}`);
}

// Waits, at most `within` milliseconds (0: as long as it takes), until no other tab is sending; gives
// what ends the turn. A tab that is closed ends its turn, too.
export async function turn(within) {
  const late = Date.now() + (within || Infinity);
  if (navigator.locks) {
    return new Promise((mine, failed) => {
      const stop = new AbortController();
      if (within) setTimeout(() => stop.abort(), within);
      const held = () => new Promise((over) => mine(over));
      navigator.locks.request(`xinfang-${user}`, { signal: stop.signal }, held).catch(failed);
    });
  }
  const me = crypto.getRandomValues(new Uint32Array(1))[0];
  const hold = async (until) => {
    const tx = using('meta', 'readwrite');
    const meta = tx.objectStore('meta');
    const held = await answer(meta.get('lease'));
    const now = Date.now();
    const free = !held || held.me === me || held.until < now || held.until > now + 6e4;
    if (free) meta.put({ me, until: now + until }, 'lease');
    await end(tx);
    return free;
  };
  while (!(await hold(3e4))) {
    if (Date.now() > late) throw new Error('late');
    await new Promise((go) => setTimeout(go, 500));
  }
  const beat = setInterval(() => hold(3e4).catch(() => {}), 1e4);
  return () => {
    clearInterval(beat);
    hold(0).catch(() => {});
  };
}

// Hears when another tab has changed drafts.
export function listen(heard) {
  if (!globalThis.BroadcastChannel) return;
  channel = new BroadcastChannel('xinfang');
  channel.onmessage = () => heard();
}

export function tell() {
  channel?.postMessage(0);
}

// How many drafts wait, on the app's icon.
export function badge(count) {
  navigator.setAppBadge?.(count).catch(() => {});
}

// What ends a request that takes too long; older browsers have no such thing.
export function limit(milliseconds) {
  return AbortSignal.timeout?.(milliseconds);
}

// Asks the browser not to make room by throwing drafts away.
export function stay() {
  navigator.storage?.persist?.().catch(() => {});
}

// A picture at most `most` pixels wide and high, upright, as JPEG without what the camera adds to it
// (the place, for one). What is no picture fails.
export async function picture(file, most) {
  const bitmap = await drawn(file);
  const width = bitmap.width || bitmap.naturalWidth;
  const height = bitmap.height || bitmap.naturalHeight;
  const scale = Math.min(1, most / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pen = canvas.getContext('2d');
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close?.();
  const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.85));
  if (!blob) throw new Error('no picture');
  return blob;
}

async function drawn(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    // Older browsers: an element turns it upright, too.
    const image = new Image();
    const url = URL.createObjectURL(file);
    try {
      image.src = url;
      await image.decode();
      return image;
    } finally {
      setTimeout(() => URL.revokeObjectURL(url), 6e4);
    }
  }
}
