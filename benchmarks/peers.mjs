/**
 * Trains one network with a library for the browser, as that library does it, and says how long an update takes.
 *
 *     node peers.mjs brain.js|recurrentjs FOLDER CELL V H SYMBOL…
 *
 * T + 1 symbols below V, as many timesteps as their T: both libraries put symbol 0 before a text and after it, so what
 * they are given is the T − 1 symbols in between. For each line with a number n it makes n updates and writes the
 * seconds of processor that they took and the loss before the last of them, in nats per timestep.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/**
 * brain.js with its own RMSprop, clipping by value and learning rate; its embedding is as wide as there are symbols.
 * @param {string} folder with node_modules
 * @param {string} cell
 * @param {number} vocabulary
 * @param {number} hidden
 * @param {number[]} symbols T − 1 of them, from 1 on
 * @returns {() => number} makes an update and returns the loss before it
 */
function brain(folder, cell, vocabulary, hidden, symbols) {
  const { recurrent } = createRequire(join(folder, "package.json"))("brain.js");
  const Net = { rnn: recurrent.RNN, lstm: recurrent.LSTM, gru: recurrent.GRU }[cell];
  const size = vocabulary - 1; // it counts the one before and after a text itself
  const net = new Net({ inputSize: size, inputRange: size, outputSize: size, hiddenLayers: [hidden] });
  net.initialize();
  const text = symbols.map((symbol) => symbol - 1);
  // It calls 2^(bits / (T - 2)) / 100 the error of a text that it is given T - 1 symbols of.
  return () =>
    (Math.log(100 * net.trainPattern(text, true)) * (text.length - 1)) / (text.length + 1);
}

/**
 * recurrentjs as its demonstration trains: letters as vectors of five, RMSprop, clipping by value.
 * @param {string} folder with recurrentjs
 * @param {string} cell
 * @param {number} vocabulary
 * @param {number} hidden
 * @param {number[]} symbols
 * @returns {() => number}
 */
function recurrent(folder, cell, vocabulary, hidden, symbols) {
  const source = readFileSync(join(folder, "recurrentjs", "src", "recurrent.js"), "utf8");
  const R = new Function(`${source}; return R;`)();
  const [init, forward] = { rnn: [R.initRNN, R.forwardRNN], lstm: [R.initLSTM, R.forwardLSTM] }[cell];
  const model = { Wil: new R.RandMat(vocabulary, 5, 0, 0.08), ...init(5, [hidden], vocabulary) };
  const solver = new R.Solver();
  const sources = [0, ...symbols];
  const targets = [...symbols, 0];
  return () => {
    const graph = new R.Graph();
    let state = {};
    let loss = 0;
    sources.forEach((symbol, t) => {
      state = forward(graph, model, [hidden], graph.rowPluck(model.Wil, symbol), state);
      const probabilities = R.softmax(state.o);
      loss -= Math.log(probabilities.w[targets[t]]);
      state.o.dw = probabilities.w;
      state.o.dw[targets[t]] -= 1;
    });
    graph.backward();
    solver.step(model, 0.01, 0.000001, 5);
    return loss / sources.length;
  };
}

const [library, folder, cell, vocabulary, hidden, ...symbols] = process.argv.slice(2);
const within = symbols.slice(1, -1).map(Number).map((symbol) => Math.max(symbol, 1));
const start = { "brain.js": brain, recurrentjs: recurrent }[library];
const update = start(resolve(folder), cell, Number(vocabulary), Number(hidden), within);

for await (const line of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  let loss = NaN;
  for (let n = Number(line); n > 0; n--) loss = update();
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / 1e6, loss);
}
