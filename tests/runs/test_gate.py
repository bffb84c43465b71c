import threading
import time

from playground.runs.gate import FairGate


def test_turns_are_given_in_order_of_arrival_and_one_at_a_time() -> None:
    gate, order, inside = FairGate(), [], []

    def take(number: int) -> None:
        with gate.turn():
            inside.append(number)
            order.append((number, len(inside)))
            time.sleep(0.002)
            inside.remove(number)

    with gate.turn():
        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            while len(gate._queue) <= number:
                time.sleep(0.0005)
    for thread in threads:
        thread.join()
    assert order == [(number, 1) for number in range(8)]


def test_an_error_inside_gives_the_turn_on() -> None:
    gate = FairGate()
    try:
        with gate.turn():
            raise RuntimeError
    except RuntimeError:
        pass
    with gate.turn():
        pass
