"""Tables of what the suite found, part by part."""

from collections import Counter


def print_summary(part, outcomes):
    """Print the figures of a part and every case that spoils them."""
    failed = [each for each in outcomes if "error" in each]
    done = [each for each in outcomes if "error" not in each]
    print(f"\n== {part}: {len(outcomes)} outcomes" + (f", {len(failed)} failed" if failed else ""))
    for each in failed:
        print(f"  {each['key']}: {each['error']}")
    if not done:
        return
    printers = {
        "broken": print_broken,
        "broken-tables": print_broken,
        "noise": print_noise,
        "pairs": print_pairs,
        "labels": print_labels,
    }
    printers.get(part, print_healthy)(done)
    print_cost(done)


def print_cost(results):
    """How long a diagnosis took, and its processor time ÷ that of the training it judged."""
    seconds = sorted(each["seconds"] for each in results if "seconds" in each)
    times = sorted(each["processor"] / each["training"] for each in results if each.get("training"))
    for name, found in (("seconds", seconds), ("trainings", times)):
        if found:
            middle, most, last = found[len(found) // 2], found[int(0.9 * len(found))], found[-1]
            print(
                f"  a diagnosis took {middle:.2f} {name} at the median, {most:.2f} in nine of ten, {last:.2f} at most"
            )


def print_broken(results):
    """A line for each kind, the figures over all, and every remedy that was confirmed and does not mend."""
    print(f"{'fault':<48}{'expected':<24}{'runs':>5}{'found':>7}{'first':>7}{'conf.':>7}  otherwise first")
    harmed = [each for each in results if each["harmed"]]
    for kind in dict.fromkeys(each["kind"] for each in results):
        own = [each for each in harmed if each["kind"] == kind]
        forgiven = sum(each["kind"] == kind for each in results) - len(own)
        others = Counter((each["codes"] or ["nothing"])[0] for each in own if not each["first"])
        shares = [sum(each[key] for each in own) / max(1, len(own)) for key in ("found", "first", "confirmed")]
        line = "".join(f"{share:>7.0%}" if own else f"{'–':>7}" for share in shares)
        missed = ", ".join(f"{code} {count}" for code, count in others.most_common(3))
        note = f"  ({forgiven} forgiven)" if forgiven else ""
        expected = next(each["expected"] for each in results if each["kind"] == kind)
        print(f"{kind:<48}{expected:<24}{len(own):>5}{line}  {missed}{note}")
    for label, some in (("all", results), ("harmed by more than 0.1 of D² on test rows", harmed)):
        n = max(1, len(some))
        shares = {key: sum(each[key] for each in some) / n for key in ("found", "first", "confirmed")}
        print(f"  {len(some)} runs, {label}: " + ", ".join(f"{key} {share:.1%}" for key, share in shares.items()))
    print_remedies(results)


def print_remedies(results):
    """What confirmed remedies do on rows never seen, in runs that a fault harmed and in all."""
    tried = [(each, judged) for each in results for judged in each["judged"] if "verdict" in judged]
    confirmed = [(each, judged) for each, judged in tried if judged["confirmed"]]
    for label, some in (
        ("of runs that a fault harmed", [judged for each, judged in confirmed if each.get("harmed", True)]),
        ("of all runs", [judged for _, judged in confirmed]),
    ):
        counts = Counter(judged["verdict"] for judged in some)
        shares = ", ".join(f"{verdict} {count} ({count / len(some):.1%})" for verdict, count in counts.most_common())
        print(f"  {len(some)} confirmed remedies {label}, on rows never seen: {shares}")
    missed = sum(judged["verdict"] == "mends" for _, judged in tried if not judged["confirmed"])
    print(f"  {len(tried) - len(confirmed)} tried and not confirmed, of which {missed} mend on rows never seen")
    for each, judged in confirmed:
        if judged["verdict"] != "mends" and (each.get("harmed", True) or judged["verdict"] == "harms"):
            print(
                f"    {each['key']}: {judged['code']}: {judged['remedy']}: D² {judged['before']:.3f} → "
                f"{judged['after']:.3f} ({judged['errors']:+.1f} standard errors)"
            )


def print_healthy(results):
    """How many healthy runs were accused, of what, how many of them unfairly, and each accusation."""
    kept = [each for each in results if "codes" in each]
    healthy = [each for each in kept if each["healthy"]]
    accused = [each for each in kept if each["codes"]]
    unfair = [each for each in accused if each["unfair"]]
    n = max(1, len(kept))
    print(
        f"  {len(results)} set-ups drawn on {len({each['data'] for each in results})} data sets, {len(healthy)} healthy by test rows; {len(kept)} diagnosed"
    )
    print(
        f"  accused {len(accused)} ({len(accused) / n:.1%}), unfairly {len(unfair)} ({len(unfair) / n:.1%}); said not to be known: {sum(bool(each['unknown']) for each in kept)}"
    )
    for label, some in (("accusations", "codes"), ("unfair", "unfair")):
        counts = Counter(code for each in accused for code in each[some])
        print(f"  {label}: " + ", ".join(f"{code} {count}" for code, count in counts.most_common()))
    for each in accused:
        print(
            f"    {'unfair' if each['unfair'] else 'fair  '} {each['key']} {each['data']} D² {each['ours']:.2f} (best {each['theirs']:.2f})"
        )
        for judged in each["judged"]:
            effect = (
                f"; {judged['remedy']}: {judged['before']:.2f} → {judged['after']:.2f} {judged['verdict']}"
                if "verdict" in judged
                else ""
            )
            print(
                f"           {judged['code']}{' (confirmed)' if judged['confirmed'] else ''}: {judged['message'][:130]}{effect}"
            )


RATE_OR_START = (
    *("learning_rate_too_high", "learning_rate_too_low", "poor_initialisation", "dead_units", "saturated_units"),
    *("output_bias", "bad_initial_loss", "exploding_gradient", "vanishing_gradient", "cannot_overfit_batch"),
)


def print_noise(results):
    """What runs on noise are accused of."""
    counts = Counter(code for each in results for code in each["codes"])
    print("  codes: " + ", ".join(f"{code} {count}" for code, count in counts.most_common()))
    blamed = [each for each in results if set(each["codes"]) & set(RATE_OR_START)]
    print(
        f"  rate or start blamed: {len(blamed)} of {len(results)}; nothing said: {sum(not each['codes'] and not each['unknown'] for each in results)}"
    )
    for each in blamed:
        print(f"    {each['key']} {each['data']}: {', '.join(each['codes'])}; {each['set-up'][:160]}")


def print_pairs(results):
    """How near the remedies of the reports bring a run with two faults to the unbroken one."""
    mended = [Counter(), Counter()]
    for each in results:
        last = each["reached"] or [each["broken"]]
        one, three = (value >= each["unbroken"] - 0.1 for value in (last[0], max(last)))
        mended[0][each["pair"]] += one
        mended[1][each["pair"]] += three
        told = " | ".join(f"{', '.join(codes)} → {'; '.join(texts) or 'nothing'}" for codes, texts in each["reports"])
        print(
            f"  {'ok ' if one else 'ok3' if three else 'NO '} {each['pair']} ({each['data']}): D² {each['broken']:.2f}, unbroken {each['unbroken']:.2f}, reached {[round(value, 2) for value in each['reached']]}: {told}"
        )
    n = Counter(each["pair"] for each in results)
    for text, counts in zip(("one report", "up to three reports"), mended, strict=True):
        whole = sum(counts[pair] == n[pair] for pair in n)
        print(
            f"  mended by {text}: {sum(counts.values())} of {len(results)} runs; {whole} of {len(n)} pairs in every run"
        )


def print_labels(results):
    """How often planted label noise is found, which rows are named, and whether leaving them out helps."""
    for share in sorted({each["planted"] for each in results}):
        own = [each for each in results if each["planted"] == share]
        found = [each for each in own if "precision" in each]
        n = max(1, len(found))
        rows = f"named rows that are wrong {sum(each['precision'] for each in found) / n:.0%}, wrong rows that are named {sum(each['recall'] for each in found) / n:.0%}"
        print(
            f"  {share:.0%} of the labels exchanged: found in {sum(each['found'] for each in own)} of {len(own)} runs; {rows}"
        )
        better = sum(each["without"] > each["before"] for each in found)
        print(f"    without the named rows D² on rightly labelled test rows rises in {better} of {len(found)}")
        for each in own:
            if not each["found"]:
                print(f"    missed: {each['key']} {', '.join(each['codes']) or 'nothing'}")
    print_remedies(results)
