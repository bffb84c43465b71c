/* One update of a recurrent network in plain C loops: what a processor takes for the arithmetic as it is written down.

   cc -O3 -march=native -ffast-math c_loop.c -o c_loop -lm
   ./c_loop CELL V H T RATE THRESHOLD PARAMETERS SYMBOL…

   One sequence of T + 1 symbols below V, one-hot input, an RNN with tanh ("rnn"), an "lstm" or a "gru" of H units, linear
   read-out, mean cross-entropy, clipping by norm, Adam; 32 bits throughout. PARAMETERS is a file of all numbers in
   torch.nn's order, shapes and order of gates. For each line with a number n that it reads, it makes n updates and
   writes the seconds of processor that they took and the loss before the last of them. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    float *w_ih, *w_hh, *b_ih, *b_hh, *w_y, *b_y;
} Weights;

static char cell;              /* 'r', 'l' or 'g' */
static int V, H, T, G, P;      /* G: rows of the weights, H for each gate; P: parameters */
static float rate, threshold;
static int *symbols;           /* T + 1: each the target of the one before */
static float *parameters, *gradients, *averages, *squares;
static Weights w, d;           /* parts of parameters and gradients */
static float *h, *c;           /* (T + 1, H), the first is zero */
static float *gates;           /* (T, G) after σ and tanh; of an RNN its new h */
static float *past;            /* (T, H): of a GRU W_hn h + b_hn */
static float *tanh_c;          /* (T, H) */
static float *p;               /* (T, V): softmax */
static float *a_x, *a_h;       /* (G): the sums of input and of h, going forward; ∂loss/∂ each of them, going back */
static float *dh, *dc, *dh_before; /* (H) */

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

static float dot(int n, const float *restrict a, const float *restrict b) {
    float sum = 0;
    for (int k = 0; k < n; k++) sum += a[k] * b[k];
    return sum;
}

static void add_scaled(int n, float scale, const float *restrict x, float *restrict y) {
    for (int k = 0; k < n; k++) y[k] += scale * x[k];
}

/* The state after timestep t from the one before it. */
static void step(int t) {
    const float *h0 = h + t * H, *c0 = c + t * H;
    float *restrict h1 = h + (t + 1) * H, *restrict c1 = c + (t + 1) * H, *restrict gate = gates + t * G;
    for (int j = 0; j < G; j++) a_x[j] = w.b_ih[j] + w.w_ih[j * V + symbols[t]];
    for (int j = 0; j < G; j++) a_h[j] = w.b_hh[j] + dot(H, w.w_hh + j * H, h0);
    if (cell == 'r') {
        for (int k = 0; k < H; k++) h1[k] = tanhf(a_x[k] + a_h[k]);
    } else if (cell == 'l') {
        for (int k = 0; k < 2 * H; k++) gate[k] = sigmoid(a_x[k] + a_h[k]);
        for (int k = 2 * H; k < 3 * H; k++) gate[k] = tanhf(a_x[k] + a_h[k]);
        for (int k = 3 * H; k < 4 * H; k++) gate[k] = sigmoid(a_x[k] + a_h[k]);
        const float *i = gate, *f = gate + H, *g = gate + 2 * H, *o = gate + 3 * H;
        float *restrict squashed = tanh_c + t * H;
        for (int k = 0; k < H; k++) {
            c1[k] = f[k] * c0[k] + i[k] * g[k];
            squashed[k] = tanhf(c1[k]);
            h1[k] = o[k] * squashed[k];
        }
    } else {
        for (int k = 0; k < 2 * H; k++) gate[k] = sigmoid(a_x[k] + a_h[k]);
        const float *r = gate, *z = gate + H;
        float *restrict n = gate + 2 * H;
        memcpy(past + t * H, a_h + 2 * H, H * sizeof(float));
        for (int k = 0; k < H; k++) {
            n[k] = tanhf(a_x[2 * H + k] + r[k] * a_h[2 * H + k]);
            h1[k] = n[k] + z[k] * (h0[k] - n[k]);
        }
    }
}

/* From ∂loss/∂h (and ∂loss/∂c) after timestep t: a_x, a_h, and in dh_before (and dc) what needs no product. */
static void step_back(int t) {
    const float *h0 = h + t * H, *c0 = c + t * H, *gate = gates + t * G;
    if (cell == 'r') {
        const float *h1 = h + (t + 1) * H;
        for (int k = 0; k < H; k++) a_x[k] = a_h[k] = dh[k] * (1 - h1[k] * h1[k]);
        memset(dh_before, 0, H * sizeof(float));
    } else if (cell == 'l') {
        const float *i = gate, *f = gate + H, *g = gate + 2 * H, *o = gate + 3 * H, *squashed = tanh_c + t * H;
        for (int k = 0; k < H; k++) {
            float of_c = dc[k] + dh[k] * o[k] * (1 - squashed[k] * squashed[k]);
            a_x[k] = of_c * g[k] * i[k] * (1 - i[k]);
            a_x[H + k] = of_c * c0[k] * f[k] * (1 - f[k]);
            a_x[2 * H + k] = of_c * i[k] * (1 - g[k] * g[k]);
            a_x[3 * H + k] = dh[k] * squashed[k] * o[k] * (1 - o[k]);
            dc[k] = of_c * f[k];
        }
        memcpy(a_h, a_x, G * sizeof(float));
        memset(dh_before, 0, H * sizeof(float));
    } else {
        const float *r = gate, *z = gate + H, *n = gate + 2 * H, *of_past = past + t * H;
        for (int k = 0; k < H; k++) {
            float a_n = dh[k] * (1 - z[k]) * (1 - n[k] * n[k]);
            a_x[k] = a_h[k] = a_n * of_past[k] * r[k] * (1 - r[k]);
            a_x[H + k] = a_h[H + k] = dh[k] * (h0[k] - n[k]) * z[k] * (1 - z[k]);
            a_x[2 * H + k] = a_n;
            a_h[2 * H + k] = a_n * r[k];
            dh_before[k] = dh[k] * z[k];
        }
    }
}

/* Mean cross-entropy; leaves softmax in p. */
static float forward(void) {
    float loss = 0;
    for (int t = 0; t < T; t++) {
        step(t);
        float *restrict y = p + t * V, largest, sum = 0;
        for (int v = 0; v < V; v++) y[v] = w.b_y[v] + dot(H, w.w_y + v * H, h + (t + 1) * H);
        largest = y[0];
        for (int v = 1; v < V; v++) largest = y[v] > largest ? y[v] : largest;
        for (int v = 0; v < V; v++) y[v] = expf(y[v] - largest);
        for (int v = 0; v < V; v++) sum += y[v];
        for (int v = 0; v < V; v++) y[v] /= sum;
        loss -= logf(y[symbols[t + 1]]);
    }
    return loss / T;
}

static void backward(void) {
    memset(gradients, 0, P * sizeof(float));
    memset(dh_before, 0, H * sizeof(float));
    memset(dc, 0, H * sizeof(float));
    for (int t = T - 1; t >= 0; t--) {
        float *dy = p + t * V;
        const float *h0 = h + t * H, *h1 = h + (t + 1) * H;
        memcpy(dh, dh_before, H * sizeof(float));
        dy[symbols[t + 1]] -= 1;
        for (int v = 0; v < V; v++) {
            dy[v] /= T;
            d.b_y[v] += dy[v];
            add_scaled(H, dy[v], h1, d.w_y + v * H);
            add_scaled(H, dy[v], w.w_y + v * H, dh);
        }
        step_back(t);
        for (int j = 0; j < G; j++) {
            d.b_ih[j] += a_x[j];
            d.b_hh[j] += a_h[j];
            d.w_ih[j * V + symbols[t]] += a_x[j];
            add_scaled(H, a_h[j], h0, d.w_hh + j * H);
            add_scaled(H, a_h[j], w.w_hh + j * H, dh_before);
        }
    }
}

/* Clipping by norm, then Adam. */
static void optimize(int number) {
    float scale = threshold / (sqrtf(dot(P, gradients, gradients)) + 1e-6f);
    if (scale > 1) scale = 1;
    float unbiased = rate / (1 - powf(0.9f, number)), root = 1 / sqrtf(1 - powf(0.999f, number));
    for (int k = 0; k < P; k++) {
        float g = gradients[k] * scale;
        averages[k] = 0.9f * averages[k] + 0.1f * g;
        squares[k] = 0.999f * squares[k] + 0.001f * g * g;
        parameters[k] -= unbiased * averages[k] / (sqrtf(squares[k]) * root + 1e-8f);
    }
}

static float *zeros(int n) {
    float *made = calloc(n, sizeof(float));
    if (!made) exit(1);
    return made;
}

static Weights parts(float *flat) {
    float *w_ih = flat, *w_hh = w_ih + G * V, *b_ih = w_hh + G * H, *b_hh = b_ih + G, *w_y = b_hh + G;
    return (Weights){w_ih, w_hh, b_ih, b_hh, w_y, w_y + V * H};
}

static double processor_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

int main(int count, char **words) {
    if (count < 8) return 2;
    cell = words[1][0];
    V = atoi(words[2]), H = atoi(words[3]), T = atoi(words[4]);
    rate = atof(words[5]), threshold = atof(words[6]);
    if (count != 8 + T + 1) return 2;
    G = H * (cell == 'r' ? 1 : cell == 'l' ? 4 : 3);
    P = G * (V + H + 2) + V * (H + 1);
    symbols = malloc((T + 1) * sizeof(int));
    for (int t = 0; t <= T; t++) symbols[t] = atoi(words[8 + t]);
    parameters = zeros(P), gradients = zeros(P), averages = zeros(P), squares = zeros(P);
    w = parts(parameters), d = parts(gradients);
    h = zeros((T + 1) * H), c = zeros((T + 1) * H), gates = zeros(T * G), past = zeros(T * H), tanh_c = zeros(T * H);
    p = zeros(T * V), a_x = zeros(G), a_h = zeros(G), dh = zeros(H), dc = zeros(H), dh_before = zeros(H);
    FILE *given = fopen(words[7], "rb");
    if (!given || fread(parameters, sizeof(float), P, given) != (size_t)P) return 2;
    fclose(given);

    int number = 0, updates;
    while (scanf("%d", &updates) == 1) {
        float loss = 0;
        double start = processor_seconds();
        for (int n = 0; n < updates; n++) {
            loss = forward();
            backward();
            optimize(++number);
        }
        printf("%.9g %.9g\n", processor_seconds() - start, loss);
        fflush(stdout);
    }
    return 0;
}
