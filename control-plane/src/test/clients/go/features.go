// The clients of Go: lib/pq, and pgx version 4.
//
//	clients pq|pgx URI MODE
//
// MODE is session or pooled: which of the features are run. For each line that it is given the program runs them all, in
// order, says "ok NAME" after each and "idle" after the last. In between the test may suspend the compute. It ends with
// its input.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

type feature struct {
	name        string
	sessionOnly bool
	run         func(number int)
}

var uri string
var pooled bool

func main() {
	uri = os.Args[2]
	pooled = os.Args[3] == "pooled"
	var features []feature
	switch os.Args[1] {
	case "pq":
		features = pqFeatures()
	case "pgx":
		features = pgxFeatures()
	}
	lines := bufio.NewScanner(os.Stdin)
	for number := 0; lines.Scan(); number++ {
		for _, feature := range features {
			if pooled && feature.sessionOnly {
				continue
			}
			feature.run(number)
			fmt.Println("ok", feature.name)
		}
		fmt.Println("idle")
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func equal(got, expected interface{}) {
	if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", expected) {
		shorten := func(value interface{}) string {
			text := fmt.Sprintf("%#v", value)
			if len(text) > 300 {
				text = text[:300] + "…"
			}
			return text
		}
		panic("got " + shorten(got) + " instead of " + shorten(expected))
	}
}

var large = strings.Repeat("ë€x", 1000000)
