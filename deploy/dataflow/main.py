"""What the Flex Template's launcher runs."""

from codemill.drive import main

if __name__ == "__main__":
    main()
