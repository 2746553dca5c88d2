// An HTTP service on Go's own net/http, for GOOS=wasip1: it takes the listening socket that the host has opened as fd 3.
// POST /accounts/NAME adds one to an account and answers with it as JSON; GET reads it. Nothing here knows of replicas.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
)

type account struct {
	Name    string `json:"name"`
	Balance int    `json:"balance"`
	// The answer's number over all accounts.
	Change int `json:"change"`
}

type bank struct {
	mutex    sync.Mutex
	accounts map[string]int
	changes  int
}

func (b *bank) add(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	b.mutex.Lock()
	b.accounts[name]++
	b.changes++
	changed := account{name, b.accounts[name], b.changes}
	b.mutex.Unlock()
	answer(w, changed)
}

func (b *bank) read(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	b.mutex.Lock()
	found := account{name, b.accounts[name], b.changes}
	b.mutex.Unlock()
	answer(w, found)
}

func answer(w http.ResponseWriter, value account) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func main() {
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "no listening socket at fd 3:", err)
		os.Exit(1)
	}
	b := &bank{accounts: map[string]int{}}
	http.HandleFunc("POST /accounts/{name}", b.add)
	http.HandleFunc("GET /accounts/{name}", b.read)
	fmt.Fprintln(os.Stderr, http.Serve(listener, nil))
}
