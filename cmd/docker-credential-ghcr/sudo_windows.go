package main

func dockerNeedsSudo() bool { return false }
