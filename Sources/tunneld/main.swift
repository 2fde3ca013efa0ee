func run() {}; run()
