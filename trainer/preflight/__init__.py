"""What is known of a plan on a slice of TPUs before there is one."""
