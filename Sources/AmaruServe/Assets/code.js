// Colours of code, by highlights: they change no element, and run nothing of the text.
// SPDX-License-Identifier: Apache-2.0

/** The longest code that has colours, in UTF-16 units. */
const longest = 50_000;

const { raw } = String;
// Bounded, so that quotes which nothing closes cost little.
const double = raw`"(?:\\.|[^"\\\n]){0,400}"`;
const quoted = raw`${double}|'(?:\\.|[^'\\\n]){0,400}'`;
const tripled = raw`"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)`;
const number = raw`(?<number>\b\d\w*(?:\.\d\w*)?)`;
const slashes = raw`\/\/.*|\/\*[^]*?(?:\*\/|$)`;
const hash = raw`(?<![\w$\{&])#.*`;

const language = (comment, string, flags = '') => new RegExp(
  raw`(?<comment>${comment})|(?<string>${string})|${number}|(?<word>[@A-Za-z_][\w]*)(?<call>\()?|\w+`, `g${flags}`);

const braces = 'abstract actor as async await bool boolean break byte case catch char class const constexpr continue '
  + 'crate def default defer delete do double else enum export extends extension extern false final finally float fn '
  + 'for foreach from func function go guard if impl implements import in inline instanceof int interface internal is '
  + 'let long loop match mod mut namespace new nil null nullptr operator override package private protected protocol '
  + 'pub public range readonly return self short signed sizeof static string struct super switch template this throw '
  + 'throws trait true try type typedef typeof undefined unsafe unsigned use using val var virtual void volatile when '
  + 'where while with yield select chan defer elif include define';
const scripts = 'and as assert async await begin break case class continue def del do done echo elif else elsif end '
  + 'ensure esac except exit export false fi finally for from function global if import in is lambda let local match '
  + 'module nil None nonlocal not or pass raise require rescue return self set super then True False true try unless '
  + 'until while with yield FROM RUN COPY CMD ENV WORKDIR ENTRYPOINT EXPOSE ARG';
const dashes = 'add all alter and as asc begin between by case create cross data default delete desc distinct do drop '
  + 'else elseif end exists false for foreign from full function group having if import in index inner insert into is '
  + 'join key left let limit like local module nil not null of offset on or order outer over partition primary '
  + 'references repeat return right select set table then true type union unique update until values view where while with';

// Names, what they look like, and their keywords.
const grammars = [
  ['c h cc cpp c++ cs csharp dart go golang groovy java javascript js jsx kotlin kt mjs objc php proto scala swift ts tsx typescript zig',
    language(slashes, raw`${tripled}|${quoted}|${'`'}(?:\\[^]|[^\\${'`'}]){0,900}${'`'}`), braces],
  ['rust rs', language(slashes, raw`${double}|'(?:\\[^'\n]+|[^'\\\n])'`), braces],
  ['python py python3 ruby rb sh bash zsh shell console perl pl r julia elixir makefile make dockerfile docker cmake nginx powershell',
    language(hash, `${tripled}|${quoted}`), scripts],
  ['sql mysql postgresql sqlite lua haskell hs elm', language(raw`--.*|\/\*[^]*?(?:\*\/|$)|\{-[^]*?(?:-\}|$)`, quoted, 'i'), dashes],
  ['json jsonc json5', new RegExp(raw`(?<comment>${slashes})|(?<name>${double}(?=\s*:))|(?<string>${double})|${number}|(?<keyword>\b(?:true|false|null)\b)`, 'g')],
  ['yaml yml toml ini', new RegExp(raw`(?<comment>(?<!\S)[#;].*)|(?<name>^[ \t]*(?:- +)*[\w.][\w.-]*(?=\s*[:=]))|(?<keyword>^\[.*\]$|\b(?:true|false|null)\b)|(?<string>${quoted})|${number}`, 'gm')],
  ['css scss less', new RegExp(raw`(?<comment>${slashes})|(?<string>${quoted})|(?<name>--[\w-]+|[\w-]+(?=\s*:\s))|(?<keyword>[@!][\w-]+)|(?<number>#[\da-fA-F]{3,8}\b|\b\d[\w.%]*)|[\w-]+`, 'g')],
  ['html xml svg xhtml vue svelte', /(?<comment><!--[^]*?(?:-->|$))|(?<keyword><[!/]?[\w:-]+|\/?>)|(?<name>[\w:@-]+(?==))|(?<string>(?<==)(?:"[^"]*"|'[^']*'))|[\w:@-]+/g],
  ['diff patch', /(?<comment>^(?:@@|diff |index ).*)|(?<string>^\+.*)|(?<deleted>^-.*)/gm],
].map(([names, pattern, words = '']) => [names.split(' '), pattern, new Set(words.split(' '))]);

/** The parts of a text that have a colour: kind, start and end. */
function* parts(text, name) {
  const [, pattern, words] = grammars.find(([names]) => names.includes(name)) ?? [];
  if (!pattern || text.length > longest) return;
  for (const match of text.matchAll(pattern)) {
    let [kind, part] = Object.entries(match.groups).find(([, value]) => value !== undefined) ?? [];
    if (kind === 'word') {
      const word = pattern.ignoreCase ? part.toLowerCase() : part;
      kind = words.has(word) || word[0] === '@' ? 'keyword' : match.groups.call && 'name';
    }
    if (kind) yield [kind, match.index, match.index + part.length];
  }
}

const colours = new Map(['comment', 'string', 'number', 'keyword', 'name', 'deleted'].map((kind) => [kind, new Highlight()]));
for (const [kind, colour] of colours) CSS.highlights.set(kind, colour);

/** The code in view, with its ranges. */
const painted = new Map();

function paint(code) {
  const name = /language-(\S+)/.exec(code.className)?.[1].toLowerCase();
  const nodes = Array.from(code.childNodes, (child) => child.firstChild ?? child);
  let [index, before] = [0, 0];
  const place = (offset) => {
    while (offset > before + nodes[index].length) before += nodes[index++].length;
    return [nodes[index], offset - before];
  };
  const ranges = [];
  for (const [kind, from, to] of parts(code.textContent, name)) {
    const [startContainer, startOffset] = place(from);
    const [endContainer, endOffset] = place(to);
    const range = new StaticRange({ startContainer, startOffset, endContainer, endOffset });
    colours.get(kind).add(range);
    ranges.push([kind, range]);
  }
  painted.set(code, ranges);
}

function clear(code) {
  for (const [kind, range] of painted.get(code) ?? []) colours.get(kind).delete(range);
  painted.delete(code);
}

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    clear(target);
    if (isIntersecting) paint(target);
    else if (!target.isConnected) observer.unobserve(target);
  }
}, { root: document.getElementById('chatbox'), rootMargin: '50% 0px' });

/** Gives code its colours, as long as it is in view; again if it has changed. */
export function colour(code) {
  observer.unobserve(code);
  observer.observe(code);
}
