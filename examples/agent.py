"""A small agent in a process of its own: it answers questions about Python from Python's own help pages.

qbridge serve --route 'ask=librarian'                                            # in one shell
python examples/agent.py --target grpc://localhost:7400                          # in another
qbridge call -t grpc://localhost:7400 - ask "how do I handle an exception?"      # in a third
"""

import argparse
import math
import re
from collections import Counter
from pydoc_data.topics import topics

import qbridge

agent = qbridge.Worker("librarian", description="Answers questions about Python from its help pages.")


def words(text: str) -> list[str]:
    """The words that carry meaning, without their plural s."""
    return [word.rstrip("s") for word in re.findall(r"[a-z]{3,}", text.lower())]


pages = {name: Counter(words(text)) for name, text in topics.items()}
rarity = Counter(word for page in pages.values() for word in page)


def relevance(question: list[str], found: Counter[str]) -> float:
    """How much a text says about the rare words of the question, for its length."""
    weights = (math.log(1 + found[word]) * math.log(len(pages) / rarity[word]) for word in set(question) & found.keys())
    return sum(weights) / math.pow(1 + found.total(), 0.3)


@agent.operation("ask", description="Takes a question as text; answers the page and its best paragraph.")
async def ask(task: qbridge.Task) -> dict[str, str]:
    """Looks for the page that says most about the question, and in it for the paragraph."""
    question = words(task.payload)
    name = max(pages, key=lambda page: relevance(question, pages[page]) * (2 if page in question else 1))
    paragraphs = [" ".join(part.split()) for part in topics[name].split("\n\n") if len(part) > 60]
    says = [relevance(question, Counter(words(part))) / (5 + place) for place, part in enumerate(paragraphs)]
    return {"page": name, "answer": paragraphs[says.index(max(says))], "trace": task.traceparent[3:35]}


def main() -> None:
    """Serves until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", default="grpc://localhost:7400", help="the bridge [grpc://localhost:7400]")
    parser.add_argument("--key", help="API key with the scope `backend` [QBRIDGE_API_KEY]")
    arguments = parser.parse_args()
    agent.run(
        arguments.target, api_key=arguments.key, ready=lambda backend: print(f"{backend.name} is ready", flush=True)
    )


if __name__ == "__main__":
    main()
