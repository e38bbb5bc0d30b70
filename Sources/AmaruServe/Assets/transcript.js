// The messages of a conversation: what they show, and where the reader is.
// SPDX-License-Identifier: Apache-2.0

const policy = window.trustedTypes?.createPolicy('amaru-md', { createHTML: (html) => html });

/** Makes an element with properties, and what it holds. */
export function make(name, properties = {}, ...children) {
  const { data, label, role, ...others } = properties;
  const element = Object.assign(document.createElement(name), others);
  Object.assign(element.dataset, data);
  if (label) element.setAttribute('aria-label', label);
  if (role) element.setAttribute('role', role);
  element.append(...children);
  return element;
}

/** Copies a text, also where the page has no clipboard: on plain http, away from localhost. */
async function copy(text, button) {
  let isCopied = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make('textarea', { value: text, className: 'sr-only' });
    document.body.append(area);
    area.select();
    isCopied = document.execCommand('copy');
    area.remove();
    button.focus();
  }
  const label = button.dataset.label ??= button.textContent;
  button.textContent = isCopied ? 'Copied' : 'Not copied';
  setTimeout(() => { button.textContent = label; }, 1500);
}

/* Markdown again */

const marks = { EM: '*', STRONG: '**', DEL: '~~' };

function inline(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  // Hosts, with the space before them, are the page's.
  const text = () => Array.from(node.childNodes, inline).join('').replaceAll(' \0', '');
  switch (node.tagName) {
    case 'BR': return '\n';
    case 'CODE': return `\`${node.textContent}\``;
    case 'A': return node.textContent === node.href ? node.href : `[${text()}](${node.getAttribute('href')})`;
    case 'SPAN': return node.className === 'host' ? '\0' : node.textContent === '☑' ? '[x] ' : '[ ] ';
    default: return (marks[node.tagName] ?? '') + text() + (marks[node.tagName] ?? '');
  }
}

function indented(text, first, rest) {
  return text.split('\n').map((line, i) => (i ? line ? rest : rest.trimEnd() : first) + line).join('\n');
}

function markdown(element) {
  const tag = element.tagName;
  if (/^H\d$/.test(tag)) return `${'#'.repeat(tag[1] - 2)} ${inline(element)}`;
  switch (tag) {
    case 'HR': return '---';
    case 'PRE': return element.textContent;
    case 'FIGURE': {
      const text = element.querySelector('code').textContent;
      const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), (match) => match[0].length));
      const fence = '`'.repeat(longest + 1);
      const name = element.querySelector('figcaption').textContent;
      return `${fence}${name}\n${text.replace(/\n$/, '')}\n${fence}`;
    }
    case 'BLOCKQUOTE': return indented(blocks(element), '> ', '> ');
    case 'UL': case 'OL': {
      const items = Array.from(element.children, (item, i) => {
        const mark = tag === 'UL' ? '- ' : `${element.start + i}. `;
        return indented(blocks(item), mark, ' '.repeat(mark.length));
      });
      return items.join(element.classList.contains('tight') ? '\n' : '\n\n');
    }
    case 'DIV': {
      const rows = Array.from(element.querySelectorAll('tr'), (row) => {
        const cells = Array.from(row.cells, (cell) => inline(cell).replaceAll('\n', '<br>').replaceAll('|', '\\|'));
        return `| ${cells.join(' | ')} |`;
      });
      const sides = { left: ':--', center: ':-:', right: '--:' };
      const line = Array.from(element.querySelectorAll('th'), (cell) => sides[cell.className] ?? '---');
      return [rows[0], `| ${line.join(' | ')} |`, ...rows.slice(1)].join('\n');
    }
    default: return inline(element);
  }
}

function blocks(parent) {
  const box = parent.querySelector(':scope > .box');
  const parts = Array.from(parent.children).filter((child) => child !== box).map(markdown);
  const isTight = parent.parentElement?.classList.contains('tight');
  return (box ? inline(box) : '') + parts.join(isTight ? '\n' : '\n\n');
}

/* Blocks */

/** Blocks that the reader has selected some of, with what they are to become. */
const waiting = new Map();

function isSelected(element) {
  const selection = document.getSelection();
  return !selection.isCollapsed && selection.rangeCount > 0
    && selection.getRangeAt(0).intersectsNode(element);
}

/** Whether two elements show the same; code may be in pieces. */
function isSame(one, other) {
  if (one?.isEqualNode(other)) return true;
  return one?.querySelector('.piece') && one.className === other.className && one.textContent === other.textContent
    && one.querySelector('code').className === other.querySelector('code')?.className;
}

/** Shows the server's HTML of a block: the only place where text becomes elements. */
function setBlock(block, html) {
  const template = document.createElement('template');
  template.innerHTML = policy ? policy.createHTML(html) : html;
  const element = template.content.firstElementChild;
  waiting.delete(block);
  if (element && isSame(block.firstElementChild, element)) return;
  if (isSelected(block)) return void waiting.set(block, { html, more: [] });
  block.replaceChildren(...template.content.childNodes);
  const code = block.querySelector(':scope > figure code');
  if (!code) return;
  const button = make('button', { type: 'button', className: 'copy', textContent: 'Copy', label: 'Copy the code' });
  button.onclick = () => copy(code.textContent, button);
  block.append(button);
}

/** Has the code of a block that no longer grows shown in colours, where the browser can do that. */
function settle(block) {
  if (!block || !CSS.highlights || isOpen(block)) return;
  for (const code of block.querySelectorAll('code[class]')) {
    import('./code.js').then(({ colour }) => colour(code), () => {});
  }
}

const isOpen = (block) => !block.nextSibling && block.closest('[data-state="running"]');

document.addEventListener('selectionchange', () => {
  for (const [block, { html, more }] of waiting) {
    if (isSelected(block)) continue;
    waiting.delete(block);
    if (!block.isConnected) continue;
    setBlock(block, html);
    for (const { at, text } of more) extendCode(block, at, text);
    settle(block);
  }
});

/** From this length on, what is added to code is an element of its own: the rest is not laid out again. */
const pieceLength = 4000;

/** Lets the code of a block go on with a text from a place on, and touches nothing before. */
function extendCode(block, at, text) {
  const code = block.querySelector(':scope > figure code');
  if (!code) return;
  if (!code.firstChild) code.append('');
  let last = code.lastChild;
  let start = code.textContent.length - last.textContent.length;
  while (at < start) {
    last.remove();
    last = code.lastChild;
    start -= last.textContent.length;
  }
  const node = last.firstChild ?? last;
  const place = at - start;
  const old = node.data.slice(place);
  if (place >= pieceLength && node.data[place - 1] === '\n' && !(old && isSelected(last))) {
    if (old) node.deleteData(place, old.length);
    return code.append(make('span', { className: 'piece' }, text));
  }
  let same = 0;
  while (same < old.length && old[same] === text[same]) same++;
  if (same === old.length) node.appendData(text.slice(same));
  else node.replaceData(place + same, old.length - same, text.slice(same));
}

/** A link that saves a file of an answer; a picture is shown in it. */
function fileLink(href, { name, type, size }) {
  const length = size < 1024 ? `${size} B` : size < 2 ** 20 ? `${Math.round(size / 1024)} KiB` : `${(size / 2 ** 20).toFixed(1)} MiB`;
  const link = make('a', { href, download: name, className: 'file' }, `${name} (${length})`);
  if (/^image\/(png|jpeg|gif|webp)$/.test(type)) link.prepend(make('img', { src: href, alt: '' }));
  return link;
}

/* Turns */

/** Buttons to go through the versions of a message, or of its answer; of one there are none. */
function picker(what, pick) {
  const element = make('span', { className: 'picker', role: 'group', label: `Versions of the ${what}`, hidden: true });
  const show = (id, all = []) => {
    const index = all.indexOf(id);
    element.hidden = all.length < 2;
    const step = (text, label, other) => {
      const button = make('button', { type: 'button', className: 'tool', textContent: text, label: `${label} of the ${what}`, disabled: !other });
      button.onclick = () => pick(other);
      return button;
    };
    element.replaceChildren(...element.hidden ? [] : [step('‹', 'Version before', all[index - 1]),
      make('span', { textContent: `${index + 1} / ${all.length}` }), step('›', 'Next version', all[index + 1])]);
  };
  return { element, show };
}

/** The least time between two changes of what is shown. */
const frame = 34;

/** A message and its answer. */
export class TurnView {
  #inbox = []; #isScheduled = false; #flushed = 0; #actions; #waitingFor = '';

  constructor(question, actions) {
    this.#actions = actions;
    this.question = question;
    this.state = 'sending';
    this.text = make('div', { className: 'text', dir: 'auto', textContent: question });
    this.questions = picker('message', actions.pick);
    this.answers = picker('answer', actions.pick);
    this.editButton = this.#tool('Edit', () => this.#edit());
    this.you = make('section', { className: 'you' },
      make('h2', { className: 'who', textContent: 'You:' }), this.text,
      make('div', { className: 'tools' }, this.questions.element, this.editButton,
        this.#tool('Copy', (button) => copy(this.question, button), 'Copy the message')));
    this.thoughts = make('div', { className: 'thought' });
    this.thinking = make('details', { className: 'thinking', hidden: true }, make('summary', { textContent: 'Thoughts' }), this.thoughts);
    this.blocks = make('div', { className: 'blocks' });
    this.notices = make('div', { className: 'notices' });
    this.files = make('div', { className: 'files' });
    this.note = make('p', { className: 'note', hidden: true });
    this.error = make('p', { className: 'error', hidden: true });
    this.figures = make('span', { className: 'figures' });
    this.copyButton = this.#tool('Copy', (button) => copy(this.markdown, button), 'Copy the answer');
    this.againButton = this.#tool('Regenerate', () => actions.send(this, this.question));
    this.tools = make('div', { className: 'tools' }, this.answers.element, this.copyButton, this.againButton, this.figures);
    this.ai = make('section', { className: 'ai' },
      make('h2', { className: 'who', textContent: 'AI:' }), this.thinking, this.blocks,
      make('span', { className: 'dots', ariaHidden: 'true' }, make('i'), make('i'), make('i')),
      this.files, this.notices, this.note, this.error, this.tools);
    this.element = make('article', { className: 'turn' }, this.you, this.ai);
    this.setState('sending');
  }

  #tool(text, action, label) {
    const button = make('button', { type: 'button', className: 'tool', textContent: text, label });
    button.onclick = () => action(button);
    return button;
  }

  get isRunning() { return this.state === 'running' || this.state === 'sending'; }

  /** The answer as Markdown. */
  get markdown() {
    return Array.from(this.blocks.children, (block) => block.firstElementChild)
      .filter(Boolean).map(markdown).join('\n\n');
  }

  /** Shows what the server says of the turn. */
  update(turn) {
    this.id = turn.id;
    this.element.dataset.turn = turn.id;
    if (this.question !== turn.question) {
      this.question = turn.question;
      this.text.textContent = turn.question;
    }
    Object.assign(this, { model: turn.model, request: turn.request });
    this.questions.show(turn.id, turn.questions);
    this.answers.show(turn.id, turn.answers);
    if (turn.state === 'running') {
      // It has ended since the server was asked.
      if (!this.isRunning) return;
      // The stream knows better what it has begun to show.
      if (!this.stream) turn.blocks?.forEach((html, i) => this.#take('block', { i, html }));
      return this.setState('running');
    }
    this.#flush();
    turn.blocks.forEach((html, i) => this.#take('block', { i, html }));
    if (turn.reasoning) this.#take('reasoning', { at: 0, text: turn.reasoning });
    turn.notices?.forEach((text, i) => this.#take('notice', { i, text }));
    turn.files?.forEach((file, i) => this.#take('file', { i, file }));
    if (turn.error) this.#take('error', turn.error);
    this.#take('done', { ...turn, blocks: turn.blocks.length });
  }

  /** Takes an event of the running turn; what is shown changes with the next frame. */
  take(name, data) {
    if (name === 'done' || name === 'error') {
      this.#flush();
      return this.#take(name, data);
    }
    // What a later state of the block makes superfluous.
    if (name === 'block') this.#inbox = this.#inbox.filter(([, other]) => other.i !== data.i || other.html === undefined && other.at === undefined);
    this.#inbox.push([name, data]);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(this.#draw);
  }

  #draw = (time) => {
    if (!this.#isScheduled) return;
    if (time - this.#flushed < frame) return void requestAnimationFrame(this.#draw);
    this.#flushed = time;
    this.#flush();
  };

  #flush() {
    this.#isScheduled = false;
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const [name, data] of inbox) this.#take(name, data);
  }

  #take(name, data) {
    switch (name) {
      case 'reset':
        for (const part of [this.blocks, this.notices, this.files, this.thoughts]) part.replaceChildren();
        break;
      case 'block':
        setBlock(this.#block(data.i), data.html);
        settle(this.blocks.children[data.i - 1]);
        settle(this.blocks.children[data.i]);
        this.#wait('');
        break;
      case 'code': {
        const block = this.#block(data.i);
        const later = waiting.get(block);
        if (later) later.more.push(data);
        else extendCode(block, data.at, data.text);
        this.#wait('');
        break;
      }
      case 'reasoning':
        this.thinking.hidden = false;
        this.thoughts.textContent = this.thoughts.textContent.slice(0, data.at) + data.text;
        break;
      case 'notice':
        while (this.notices.children.length > data.i) this.notices.lastChild.remove();
        this.notices.append(make('p', { textContent: data.text }));
        break;
      case 'file':
        while (this.files.children.length > data.i) this.files.lastChild.remove();
        this.files.append(fileLink(`api/turns/${this.id}/files/${data.i}`, data.file));
        break;
      case 'status':
        this.#wait(data.text);
        break;
      case 'error':
        this.#fail(data);
        break;
      case 'done':
        while (this.blocks.children.length > data.blocks) this.blocks.lastChild.remove();
        this.#finish(data);
        break;
    }
  }

  #block(index) {
    while (this.blocks.children.length <= index) this.blocks.append(make('div', { className: 'block' }));
    return this.blocks.children[index];
  }

  /** Says what is being waited for. */
  #wait(text) {
    if (this.#waitingFor === text) return;
    this.#waitingFor = text;
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  /** Says whether the server is reached. */
  connected(isConnected) { this.#wait(isConnected ? '' : 'The connection is lost. Connecting again …'); }

  #fail({ message, remedy }) {
    // Spoken only when it happens, not with a conversation that is opened later.
    if (this.stream) this.error.setAttribute('role', 'alert');
    this.error.textContent = remedy ? `${message}: ${remedy}` : message;
    this.error.hidden = false;
  }

  #finish({ state, reason, usage, ms }) {
    const figures = [];
    if (this.model) figures.push(this.model);
    if (usage) figures.push(`${usage.prompt} + ${usage.completion} tokens`);
    if (ms) figures.push(ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);
    if (figures.length) this.figures.textContent = figures.join(' · ');
    const notes = { stopped: 'Stopped.', interrupted: 'Interrupted: the server ended before the answer was complete.' };
    this.#wait(notes[state] ?? (reason === 'length' ? 'Cut off at the longest length.' : ''));
    this.setState(state);
    for (const block of this.blocks.children) settle(block);
  }

  setState(state) {
    this.state = state;
    this.element.dataset.state = state;
    this.copyButton.hidden = this.isRunning || !this.blocks.children.length;
    this.againButton.hidden = this.editButton.hidden = this.isRunning;
    if (!this.isRunning) this.close();
  }

  /** Stops following the turn. */
  close() {
    this.stream?.close();
    this.stream = undefined;
  }

  #edit() {
    const area = make('textarea', { value: this.question, className: 'edit', label: 'Your message', dir: 'auto', rows: Math.min(12, this.question.split('\n').length + 1) });
    const form = make('form', { className: 'editor' }, area, make('div', { className: 'tools' },
      make('button', { className: 'primary', textContent: 'Send again' }), this.#tool('Cancel', () => close())));
    const close = () => {
      form.replaceWith(this.text);
      this.editButton.hidden = this.isRunning;
      this.editButton.focus();
    };
    form.onsubmit = (event) => {
      event.preventDefault();
      if (!area.value.trim()) return;
      close();
      this.#actions.send(this, area.value);
    };
    area.onkeydown = (event) => {
      if (event.key === 'Escape') { event.stopPropagation(); close(); }
      if (isSendKey(event)) { event.preventDefault(); form.requestSubmit(); }
    };
    this.editButton.hidden = true;
    this.text.replaceWith(form);
    area.focus();
  }
}

/** Whether a key sends: Enter alone, unless it ends the composition of a character. */
export const isSendKey = (event) => event.key === 'Enter' && !event.shiftKey && !event.altKey
  && !event.isComposing && event.keyCode !== 229;

/* The reader's place */

/** Keeps the end in view while the reader is there, and lets go at the first sign of leaving. */
export class Follower {
  #box; #jump; #isOn = true; #top = 0; #height = 0; #touch = 0;

  constructor(box, content, jump) {
    this.#box = box;
    this.#jump = jump;
    const up = () => { if (box.scrollTop > 0) this.#set(false); };
    const passive = { passive: true };
    box.addEventListener('wheel', (event) => { if (event.deltaY < 0) up(); }, passive);
    box.addEventListener('touchstart', (event) => { this.#touch = event.touches[0].clientY; }, passive);
    box.addEventListener('touchmove', (event) => {
      const y = event.touches[0].clientY;
      if (y > this.#touch) up();
      this.#touch = y;
    }, passive);
    box.addEventListener('keydown', (event) => {
      if (['ArrowUp', 'PageUp', 'Home'].includes(event.key) || (event.key === ' ' && event.shiftKey)) up();
    });
    box.addEventListener('scroll', () => this.#scrolled(), passive);
    jump.addEventListener('click', () => this.follow());
    const observer = new ResizeObserver(() => this.#keep());
    observer.observe(content);
    observer.observe(box);
  }

  get #isAtEnd() {
    const box = this.#box;
    return box.scrollHeight - box.scrollTop - box.clientHeight < 28;
  }

  /** Goes to the end, and stays there. */
  follow() {
    this.#set(true);
    this.#keep();
  }

  /** Scrolls by a part of what is in view, as for keys that are pressed elsewhere. */
  page(share) {
    if (share < 0 && this.#box.scrollTop > 0) this.#set(false);
    this.#box.scrollBy({ top: share * this.#box.clientHeight });
  }

  #set(isOn) {
    this.#isOn = isOn;
    this.#show();
  }

  #show() { this.#jump.hidden = this.#isOn || this.#isAtEnd; }

  #keep() {
    const box = this.#box;
    if (this.#isOn) {
      box.scrollTop = box.scrollHeight;
      this.#top = box.scrollTop;
    }
    this.#height = box.scrollHeight;
    this.#show();
  }

  /** Who drags the bar makes no other events. What shrinks moves the place too, which is no sign. */
  #scrolled() {
    const box = this.#box;
    const [top, height] = [box.scrollTop, box.scrollHeight];
    if (top < this.#top - 1 && height >= this.#height) this.#set(false);
    else if (top > this.#top && this.#isAtEnd) this.#set(true);
    [this.#top, this.#height] = [top, height];
    this.#show();
  }
}
